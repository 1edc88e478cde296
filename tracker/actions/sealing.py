"""Bringing everything that is sealed under the site's key of today."""

from typing import Any

from django.apps import apps
from django.db import models, transaction

from mlmath.sealing import SealBroken, is_sealed, reseal, seal
from tracker.models import Webhook

SEALED_IN_WEBHOOKS = ("sealed_url", "sealed_secret", "sealed_previous_secret")
# What the account library makes codes of the second step from.
SEALED_IN_SECOND_STEPS = ("secret", "seed")


def reseal_all() -> tuple[int, int]:
    """Of how many rows all is sealed under the key of today now, and how many cannot be read.

    May be repeated. What cannot be read stays as it is. What an earlier release did not seal is
    sealed now.
    """
    done = unreadable = 0
    for model in (Webhook, apps.get_model("mfa", "Authenticator")):
        for key in model._default_manager.order_by("pk").values_list("pk", flat=True):
            try:
                done += _reseal_row(model, key)
            except SealBroken:
                unreadable += 1
    return done, unreadable


@transaction.atomic
def _reseal_row(model: type[models.Model], key: int) -> bool:
    row: Any = model._default_manager.select_for_update().filter(pk=key).first()
    if row is None:
        return False
    if isinstance(row, Webhook):
        for name in SEALED_IN_WEBHOOKS:
            setattr(row, name, _resealed(getattr(row, name)))
        row.save(update_fields=SEALED_IN_WEBHOOKS)
        return True
    names = [name for name in SEALED_IN_SECOND_STEPS if row.data.get(name)]
    row.data |= {name: _resealed(row.data[name]) for name in names}
    row.save(update_fields=["data"])
    return bool(names)


def _resealed(text: str) -> str:
    if not text:
        return ""
    return reseal(text) if is_sealed(text) else seal(text)
