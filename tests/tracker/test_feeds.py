"""Calendar feeds, read back by another library than the one that writes them."""

from datetime import UTC, date, datetime, timedelta

import pytest
import vobject
from django.test import Client
from django.utils import timezone

from tests.factories import make_assignment, make_group, make_user
from tracker.actions.feeds import replace_feeds
from tracker.models import AssignmentProgress, Membership, Recipient, UnitProgress, User
from tracker.summaries.feeds import feed_addresses
from tracker.views import feeds

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def chapter(catalog):
    """The first chapter of a book."""
    return catalog.resources["mml-book"].units[0]


@pytest.fixture
def group(ada):
    return make_group("Tuesday Readers", leader=ada, time_zone="Europe/Berlin")


def fetch(address, **headers):
    return Client().get(address, headers=headers)


def mine(user):
    return feed_addresses(user=user)[0][1]


def entries(response):
    """Every entry by the start of its uid."""
    calendar = vobject.readOne(response.content.decode())
    return {entry.uid.value.partition("-")[0]: entry for entry in calendar.vevent_list}


def in_days(days):
    return timezone.localdate() + days * DAY


def test_a_due_chapter_is_one_entry_in_my_feed_and_in_the_groups(ada, group, chapter):
    make_assignment(group, chapter.id, due_on=date(2027, 3, 30), note="One exercise each")

    for _, address in feed_addresses(user=ada):
        response = fetch(address)
        entry = entries(response)["assignment"]

        assert response.status_code == 200
        assert response["Content-Type"] == "text/calendar; charset=utf-8"
        assert entry.summary.value == f"Due: {chapter.label}: {chapter.title}"
        # 23:59 in Berlin, two days after the clocks went forward.
        assert entry.dtend.value == datetime(2027, 3, 30, 21, 59, tzinfo=UTC)
        assert "Tuesday Readers" in entry.description.value
        assert "One exercise each" in entry.description.value


def test_before_the_clocks_change_the_same_time_of_day_is_another_instant(ada, group, chapter):
    make_assignment(group, chapter.id, due_on=date(2027, 3, 26))

    entry = entries(fetch(mine(ada)))["assignment"]

    assert entry.dtend.value == datetime(2027, 3, 26, 22, 59, tzinfo=UTC)


def test_a_date_that_moves_moves_the_same_entry(ada, group, chapter):
    assignment = make_assignment(group, chapter.id, due_on=date(2027, 3, 1))
    before = entries(fetch(mine(ada)))["assignment"]
    assignment.due_at += 7 * DAY
    assignment.version += 1
    assignment.changed_at += DAY
    assignment.save()

    response = fetch(mine(ada))
    after = entries(response)["assignment"]

    assert response.content.count(b"UID:assignment-") == 1
    assert after.uid.value == before.uid.value
    assert int(after.sequence.value) > int(before.sequence.value)
    assert after.last_modified.value > before.last_modified.value
    assert after.dtend.value - before.dtend.value == 7 * DAY


def test_a_date_of_ones_own_stands_in_ones_own_feed_only(ada, group, chapter):
    grace = make_user()
    Membership.objects.create(group=group, user=grace, role="member", joined_at=timezone.now())
    assignment = make_assignment(group, chapter.id, due_on=date(2027, 3, 1))
    later = datetime(2027, 3, 9, 12, tzinfo=UTC)
    AssignmentProgress.objects.create(
        assignment=assignment, user=ada, due_at=later, changed_at=timezone.now()
    )

    hers, graces = (entries(fetch(mine(user)))["assignment"] for user in (ada, grace))

    assert hers.dtend.value == later
    assert graces.dtend.value == assignment.due_at
    assert int(hers.sequence.value) > int(graces.sequence.value)


def test_what_was_removed_is_cancelled(ada, group, chapter):
    make_assignment(group, chapter.id, deleted_at=timezone.now())

    assert entries(fetch(mine(ada)))["assignment"].status.value == "CANCELLED"


def test_a_done_chapter_has_a_tick_and_no_alarm(ada, group, chapter):
    User.objects.update(feed_alarm_minutes=60)
    make_assignment(group, chapter.id, due_on=in_days(3))
    before = entries(fetch(mine(ada)))["assignment"]
    UnitProgress.objects.create(user=ada, unit_id=chapter.id, done_at=timezone.now())

    after = entries(fetch(mine(ada)))["assignment"]

    assert before.valarm.trigger.value == timedelta(minutes=-60)
    assert after.summary.value == f"✓ {chapter.label}: {chapter.title}"
    assert "valarm" not in after.contents


def test_drafts_and_what_is_for_others_stay_out(ada, group, catalog):
    units = catalog.resources["mml-book"].units
    make_assignment(group, units[0].id, is_draft=True)
    for_others = make_assignment(group, units[1].id, is_for_everyone=False)
    assert "assignment" not in entries_or_none(fetch(mine(ada)))

    Recipient.objects.create(assignment=for_others, user=ada)

    assert "assignment" in entries(fetch(mine(ada)))


def entries_or_none(response):
    return entries(response) if b"BEGIN:VEVENT" in response.content else {}


def test_study_days_repeat_and_the_likely_finish_has_its_day(catalog):
    user = make_user(role="data-scientist", minutes_per_day=90, study_days_mask=0b11)
    user.days_off = [str(day) for day in (in_days(number) for number in range(1, 15))]
    user.save()

    found = entries(fetch(mine(user)))

    assert "FREQ=WEEKLY" in found["study"].rrule.value
    assert "BYDAY=MO,TU" in found["study"].rrule.value
    assert found["study"].summary.value == "Study mathematics, 90 min"
    assert found["finish"].dtstart.value > in_days(30)
    assert all(day.weekday() < 2 for one in found["study"].contents["exdate"] for day in one.value)


def test_who_wants_no_dates_has_no_finish_in_the_calendar(catalog):
    user = make_user(role="data-scientist", minutes_per_day=90, show_dates=False)

    assert set(entries(fetch(mine(user)))) == {"study"}


def test_a_title_cannot_bring_in_entries_of_its_own(ada, chapter):
    nasty = "x\r\nEND:VEVENT\r\nBEGIN:VALARM;,\\" + "Ж" * 150
    group = make_group(leader=ada)
    group.name = nasty
    group.save()
    make_assignment(group, chapter.id, note=nasty)

    body = fetch(mine(ada)).content

    assert body.count(b"BEGIN:VEVENT") == 1
    assert b"\nBEGIN:VALARM" not in body
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert body.count(b"\n") == body.count(b"\r\n")


def test_an_unchanged_calendar_is_a_304(ada, group, chapter):
    make_assignment(group, chapter.id)
    first = fetch(mine(ada))

    second = fetch(mine(ada), if_none_match=first["ETag"])

    assert (second.status_code, second.content) == (304, b"")
    assert second["ETag"] == first["ETag"]
    assert first["Cache-Control"] == "private, max-age=900"
    assert first["Referrer-Policy"] == "no-referrer"
    assert first["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"


def test_who_has_the_calendar_is_told_so_before_it_is_written(ada, group, chapter, monkeypatch):
    make_assignment(group, chapter.id)
    first = fetch(mine(ada))
    monkeypatch.setattr(feeds, "_body", lambda *_: pytest.fail("The calendar was written."))

    assert fetch(mine(ada), if_none_match=first["ETag"]).status_code == 304


def test_a_calendar_that_shows_something_else_has_another_tag(ada, group, chapter):
    assignment = make_assignment(group, chapter.id)
    tags = {fetch(mine(ada))["ETag"]}

    for change in (
        lambda: type(assignment).objects.update(note="Bring paper"),
        lambda: User.objects.update(feed_alarm_minutes=60),
        lambda: User.objects.update(feed_alarm_minutes=30),
        lambda: UnitProgress.objects.create(user=ada, unit_id=chapter.id, done_at=timezone.now()),
        lambda: type(group).objects.update(name="Wednesday Readers"),
        lambda: type(assignment).objects.all().delete(),
    ):
        change()
        tags.add(fetch(mine(ada))["ETag"])

    assert len(tags) == 7


def test_each_persons_calendar_reminds_as_they_like(ada, group, chapter):
    grace = make_user(feed_alarm_minutes=30)
    Membership.objects.create(group=group, user=grace, role="member", joined_at=timezone.now())
    make_assignment(group, chapter.id, due_on=in_days(3))
    User.objects.filter(pk=ada.pk).update(feed_alarm_minutes=60)

    hers, graces = (entries(fetch(mine(user)))["assignment"] for user in (ada, grace))

    assert hers.valarm.trigger.value == timedelta(minutes=-60)
    assert graces.valarm.trigger.value == timedelta(minutes=-30)


def test_observers_have_due_dates_in_the_groups_calendar_alone(ada, chapter):
    group = make_group(observers=[ada])
    make_assignment(group, chapter.id)
    my_address, group_address = (address for _, address in feed_addresses(user=ada))

    assert b"UID:assignment-" in fetch(group_address).content
    assert b"UID:assignment-" not in fetch(my_address).content


def test_what_is_long_past_or_was_removed_long_ago_leaves_the_calendar(ada, group, catalog):
    units = catalog.resources["mml-book"].units
    make_assignment(group, units[0].id, due_on=in_days(-370))
    make_assignment(group, units[1].id, deleted_at=timezone.now() - 91 * DAY)
    make_assignment(group, units[2].id, due_on=in_days(-360))

    assert fetch(mine(ada)).content.count(b"UID:assignment-") == 1


def test_a_forged_or_replaced_address_leads_nowhere(ada):
    old = mine(ada)
    forged = old.replace("/me.ics", "x/me.ics")
    other_number = old.replace(f"{ada.public_id}.0.", f"{ada.public_id}.1.")

    replace_feeds(user=ada)

    for address in (old, forged, other_number, "/feeds/x/me.ics", "/feeds/a.b.c/me.ics"):
        assert fetch(address).status_code == 404
    assert fetch(mine(ada)).status_code == 200


def test_who_left_finds_nothing_of_the_group(ada, chapter):
    group = make_group(members=[ada])
    make_assignment(group, chapter.id)
    my_address, group_address = (address for _, address in feed_addresses(user=ada))
    assert entries(fetch(group_address))

    Membership.objects.filter(user=ada).delete()

    assert fetch(group_address).status_code == 404
    assert b"VEVENT" not in fetch(my_address).content


def test_a_deleted_persons_address_leads_nowhere(ada):
    address = mine(ada)
    ada.delete()

    assert fetch(address).status_code == 404


def test_a_feed_opens_nothing_else(ada):
    token = mine(ada).split("/")[2]

    answer = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/me/")

    assert answer.status_code == 401


@pytest.mark.parametrize("number", [1, 12])
def test_a_feed_costs_the_same_with_many_groups_and_chapters(ada, catalog, count_queries, number):
    units = catalog.resources["mml-book"].units
    for _ in range(number):
        group = make_group(leader=ada)
        for unit in units[:number]:
            make_assignment(group, unit.id)

    address = mine(ada)
    with count_queries() as queries:
        fetch(address)

    assert len(queries) == 5


def test_the_api_lists_the_addresses_and_replaces_them(ada, group, ada_api):
    first = ada_api.get("/api/v1/me/feeds/")
    names = [row["name"] for row in first.json()["results"]]
    url = first.json()["results"][0]["url"]

    second = ada_api.post("/api/v1/me/feeds/replace/")

    assert names == ["Everything of mine", "Tuesday Readers"]
    assert url == f"http://testserver{mine(ada)}"
    assert second.status_code == 200
    assert second.json()["results"][0]["url"] != url
    assert fetch(url).status_code == 404


def test_the_page_shows_the_addresses_and_keeps_the_reminder(ada, group, ada_browser):
    page = ada_browser.get("/settings/calendar/").content.decode()

    saved = ada_browser.post("/settings/calendar/", {"alarm": "1440"})

    assert f'value="http://testserver{mine(ada)}"' in page
    assert f'href="webcal://testserver{mine(ada)}"' in page
    assert "Tuesday Readers" in page
    assert saved.status_code == 302
    ada.refresh_from_db()
    assert ada.feed_alarm_minutes == 1440
    assert ada_browser.post("/settings/calendar/", {"alarm": "7"}).status_code == 422


def test_the_button_replaces_the_addresses(ada, ada_browser):
    old = mine(ada)

    ada_browser.post("/settings/calendar/replace/")

    assert fetch(old).status_code == 404
