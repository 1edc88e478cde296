"""Two curators at once, on PostgreSQL: whoever comes second sees what the first has done."""

import threading

import pytest
from django.db import connection, transaction
from django.test import Client

from catalog.models import CatalogVersion, Prerequisite
from catalog.models.version import CatalogVersionManager
from tests.catalog.test_admin import add_need
from tests.factories import make_topic
from tests.races import until_it_ends_or_waits_for_us
from tracker.models import User

pytestmark = pytest.mark.postgresql


def statuses_of_two_halves_of_a_circle():
    """What the second curator is answered while the first has not ended yet."""
    CatalogVersion.objects.move()
    first, second = make_topic("First"), make_topic("Second")
    curator = Client()
    curator.force_login(User.objects.create_superuser("curator@example.org", "a long password"))
    statuses = []

    def edit():
        try:
            statuses.append(add_need(curator, second, first).status_code)
        finally:
            connection.close()

    thread = threading.Thread(target=edit)
    with transaction.atomic():
        CatalogVersion.objects.hold()
        Prerequisite.objects.create(topic=first, requires=second, reason="Because.")
        thread.start()
        until_it_ends_or_waits_for_us(thread)
    thread.join(timeout=60)
    return statuses


def test_two_curators_do_not_close_a_circle_together(transactional_db):
    assert statuses_of_two_halves_of_a_circle() == [200]
    assert Prerequisite.objects.filter(topic__title__in=["First", "Second"]).count() == 1


def test_without_the_lock_they_would(transactional_db, monkeypatch):
    """The control: if this fails, the test above proves nothing."""
    hold = CatalogVersionManager.hold

    def look(self):
        is_first = threading.current_thread() is threading.main_thread()
        return hold(self) if is_first else None

    monkeypatch.setattr(CatalogVersionManager, "hold", look)

    assert statuses_of_two_halves_of_a_circle() == [302]
    assert Prerequisite.objects.filter(topic__title__in=["First", "Second"]).count() == 2
