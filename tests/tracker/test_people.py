"""What a person says about themselves, and what the database keeps right on its own."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from catalog.models import Role
from tests.factories import make_user
from tracker.actions.people import MAXIMUM_DAYS_OFF, update_profile
from tracker.models import User


def fresh(user):
    return User.objects.get(pk=user.pk)


def test_a_profile_takes_what_is_given_and_leaves_the_rest(ada):
    role = Role.objects.get(slug="data-scientist")
    update_profile(user=ada, role=role, minutes_per_day=45, study_days=["mon", "sat"])

    update_profile(user=ada, time_zone="Europe/Lisbon")

    found = fresh(ada)
    assert (found.name, found.role, found.minutes_per_day) == ("Ada Lovelace", role, 45)
    assert (found.study_days, found.time_zone) == (["mon", "sat"], "Europe/Lisbon")


def test_a_repeated_change_changes_nothing_more(ada):
    update_profile(user=ada, minutes_per_day=45)
    update_profile(user=ada, minutes_per_day=45)

    assert fresh(ada).minutes_per_day == 45


def test_null_takes_role_and_pace_away(ada):
    update_profile(user=ada, role=Role.objects.get(slug="data-scientist"), minutes_per_day=45)
    update_profile(user=ada, role=None, minutes_per_day=None)

    assert (fresh(ada).role, fresh(ada).minutes_per_day) == (None, None)


def test_nobody_else_is_changed(ada):
    grace = make_user(name="Grace")

    update_profile(user=ada, name="Ada")

    assert fresh(grace).name == "Grace"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a" * 201),
        ("name", "two\nlines"),
        ("name", "nul\x00"),
        ("minutes_per_day", 0),
        ("minutes_per_day", 1441),
        ("minutes_per_day", -5),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"),
        ("days_off", [date(2026, 1, 1 + n % 28).replace(year=2026 + n // 28) for n in range(367)]),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_field_and_nothing_is_written(ada, field, value):
    with pytest.raises(ValidationError) as refusal:
        update_profile(user=ada, **{"show_dates": False, field: value})

    assert list(refusal.value.message_dict) == [field]
    assert fresh(ada).show_dates is True


def test_a_name_may_have_two_hundred_letters_and_an_emoji(ada):
    name = "a" * 199 + "🦉"

    update_profile(user=ada, name=name)

    assert fresh(ada).name == name


def test_days_off_are_kept_once_and_in_order(ada):
    days = [date(2026, 12, 25), date(2026, 4, 3), date(2026, 12, 25)]

    update_profile(user=ada, days_off=days)

    assert fresh(ada).days_off == ["2026-04-03", "2026-12-25"]
    assert MAXIMUM_DAYS_OFF == 366


def test_an_address_is_one_person_however_it_is_written(ada):
    assert ada.email == "ada@example.org"
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("Ada@Example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=ada.pk).update(email="ADA@example.org")


def test_sign_in_finds_an_address_however_it_is_typed(ada):
    assert User.objects.get_by_natural_key("ADA@Example.ORG") == ada


@pytest.mark.parametrize(
    "fields", [{"minutes_per_day": 0}, {"minutes_per_day": 1441}, {"study_days_mask": 128}]
)
def test_the_database_keeps_impossible_paces_out(ada, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=ada.pk).update(**fields)


@pytest.mark.parametrize(
    ("name", "short_name"),
    [("Ada Lovelace", "Ada"), ("  ", "ada"), ("", "ada"), ("Ada", "Ada")],
)
def test_a_person_is_called_by_the_first_word_of_their_name(name, short_name):
    assert User(name=name, email="ada@example.org").short_name == short_name


def test_a_person_studies_every_day_unless_they_say_otherwise():
    assert User().study_days == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def test_a_person_shows_as_their_public_id(ada):
    assert str(ada) == ada.public_id
    assert len(ada.public_id) == 20
