"""The short way to a session and its person leads where Django's own way leads."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from tests.factories import make_user
from tracker.models import User


def test_a_person_read_by_key_is_the_person(catalog):
    made = make_user(
        name="Ada 🦉", role="data-scientist", minutes_per_day=90, days_off=["2027-01-01"]
    )

    read, stock = User.objects.by_key(made.pk), User.objects.get(pk=made.pk)

    fields = [field.attname for field in User._meta.concrete_fields]
    assert [getattr(read, name) for name in fields] == [getattr(stock, name) for name in fields]
    assert (read, read._state.adding, read._state.db) == (stock, False, "default")


def test_an_unknown_key_is_nobody(db):
    assert User.objects.by_key(2**40) is None


def test_a_session_keeps_what_was_put_into_it(ada_browser):
    session = ada_browser.session
    session["guest_marks"] = {"vectors": "done"}
    session.save()

    assert ada_browser.session["guest_marks"] == {"vectors": "done"}


def test_an_expired_session_is_signed_out(ada_browser):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    response = ada_browser.get("/today/")

    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/today/")


def test_a_session_ended_elsewhere_is_signed_out_at_the_next_request(ada_browser):
    assert ada_browser.get("/today/").status_code == 200

    Session.objects.all().delete()

    assert ada_browser.get("/today/").status_code == 302


def test_a_deactivated_person_is_signed_out_at_the_next_request(ada, ada_browser):
    User.objects.filter(pk=ada.pk).update(is_active=False)

    assert ada_browser.get("/today/").status_code == 302


def test_a_changed_password_ends_the_session(ada, ada_browser):
    ada.set_password("another horse battery")
    ada.save()

    assert ada_browser.get("/today/").status_code == 302


def test_session_and_person_cost_a_query_each(ada_browser, count_queries):
    with count_queries() as queries:
        ada_browser.get("/roles/")

    assert len(queries) == 2


def test_a_session_whose_seal_is_broken_is_signed_out_also_where_the_whole_one_was_read_before(
    ada_browser, caplog
):
    assert ada_browser.get("/today/").status_code == 200
    row = Session.objects.get()
    seal = row.session_data[-1]
    row.session_data = row.session_data[:-1] + ("a" if seal != "a" else "b")
    row.save()

    assert ada_browser.get("/today/")["Location"] == "/accounts/login/?next=/today/"
    assert "Session data corrupted" in caplog.text


def test_what_is_put_into_one_reading_of_a_session_is_not_in_the_next(ada_browser):
    ada_browser.session["marks"] = {"vectors": "done"}

    assert "marks" not in ada_browser.session
