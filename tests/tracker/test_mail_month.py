"""A month of a group of twelve around the world, and every mail that it causes."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta

from django.core import mail

from tests.factories import make_assignment, make_group, make_user
from tracker.actions.mail import unsubscribe, write_morning_mails, write_news_mails
from tracker.actions.notices import tell
from tracker.actions.people import delete_account
from tracker.mail.delivery import deliver
from tracker.models import NoticeKind, Outgoing, UnitProgress

ZONES = {
    "p": "Pacific/Pago_Pago",  # UTC−11
    "b": "Europe/Berlin",  # UTC+1, from 28 March on UTC+2
    "k": "Pacific/Kiritimati",  # UTC+14
}
# When by their own clocks, who, what. Chapter 2 is due on Friday, 5 March, Chapters 3 and 4 on the
# 27th and the 28th, all at 23:59 in Berlin; in Kiritimati that is noon of the next day.
TABLE = """
03-01 07:00 | p2 p3 p4 b2 b3 b4 k2 k3 k4       | Your week on mlmath
03-04 07:00 | p2 p3 p4 b2 b3 b4                | Due tomorrow: Chapter 2
03-05 07:00 | k2 k3 k4                         | Due tomorrow: Chapter 2
03-10 09:30 | p2                               | 2 notifications
03-10 21:30 | b2                               | 2 notifications
03-11 10:30 | k2                               | 2 notifications
03-11 07:30 | b3                               | Grace thinks of you.
03-22 07:00 | p1 p2 p3 b1 b2 b3 k1 k2 k3       | Your week on mlmath
03-26 07:00 | p1 p2 p3 b1 b2 b3 b4             | Due tomorrow: Chapter 3
03-27 07:00 | p1 p2 p3 b1 b2 b3 b4             | Due tomorrow: Chapter 4
03-27 07:00 | k1 k2 k3                         | Due tomorrow: Chapter 3
03-28 07:00 | k1 k2 k3                         | Due tomorrow: Chapter 4
03-29 07:00 | p1 p2 p3 b1 b2 b3 k1 k2 k3       | Your week on mlmath
"""


def expected():
    for line in TABLE.strip().splitlines():
        when, who, subject = (cell.strip() for cell in line.split("|"))
        yield from ((when, name, subject) for name in who.split())


def test_a_month_sends_exactly_what_the_table_says(catalog, settings):
    people = {
        f"{letter}{number}": make_user(f"{letter}{number}@example.org", time_zone=zone)
        for letter, zone in ZONES.items()
        for number in (1, 2, 3, 4)
    }
    group = make_group(
        leader=people["b1"],
        members=[person for name, person in people.items() if name != "b1"],
        time_zone="Europe/Berlin",
    )
    units = catalog.resources["mml-book"].units
    for unit, day in zip(units[1:4], (5, 27, 28), strict=True):
        make_assignment(group, unit.id, due_on=date(2027, 3, day))

    def finish(*names):
        for name in names:
            UnitProgress.objects.get_or_create(
                user=people[name], unit_id=units[1].id, defaults={"done_at": now}
            )

    def news(*names):
        everybody = [people[name] for name in names]
        for key, kind in (("answer", NoticeKind.QUESTION), ("mention", NoticeKind.MENTION)):
            tell(people=everybody, kind=kind, key=key, text=key, address="/", group=group, at=now)

    def nudge(name):
        tell(
            people=[people[name]],
            kind=NoticeKind.NUDGE,
            key="nudge",
            text="Grace thinks of you.",
            address="/today/",
            group=group,
            at=now,
        )

    happens = {
        datetime(2027, 2, 28, 12, tzinfo=UTC): lambda: finish("p1", "b1", "k1"),
        datetime(2027, 3, 2, 12, tzinfo=UTC): lambda: unsubscribe(
            user=people["b4"], categories=["digest"]
        ),
        datetime(2027, 3, 6, 0, tzinfo=UTC): lambda: finish(*people),
        datetime(2027, 3, 8, 12, tzinfo=UTC): lambda: group.memberships.filter(
            user=people["k4"]
        ).delete(),
        datetime(2027, 3, 10, 20, tzinfo=UTC): lambda: news("p2", "b2", "k2", "k4"),
        # Eleven in the evening in Berlin.
        datetime(2027, 3, 10, 22, tzinfo=UTC): lambda: nudge("b3"),
        datetime(2027, 3, 15, 12, tzinfo=UTC): lambda: delete_account(user=people["p4"]),
    }

    sent = []
    now = datetime(2027, 2, 28, 12, tzinfo=UTC)
    while now < datetime(2027, 4, 1, tzinfo=UTC):
        if now in happens:
            happens[now]()
        write_morning_mails(at=now)
        write_news_mails(at=now)
        deliver(seconds=60, at=now)
        for message in mail.outbox:
            name = message.to[0].partition("@")[0]
            local = now.astimezone(zoneinfo.ZoneInfo(ZONES[name[0]]))
            sent.append((f"{local:%m-%d %H:%M}", name, message.subject))
        mail.outbox.clear()
        now += timedelta(minutes=30)

    assert sorted(sent) == sorted(expected())
    assert not Outgoing.objects.filter(ended_at=None).exists()
