"""Mail is written down with what it is about, once."""

from datetime import UTC, datetime, time, timedelta

import pytest

from tests.factories import make_group
from tracker.actions.mail import mail_invitation
from tracker.models import Invitation, MailCategory, MailSettings, NoticeKind, Outgoing
from tracker.summaries.mail import quiet_end

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make_invitation(email="grace@example.org", **fields):
    number = Invitation.objects.count()
    defaults = {
        "group": fields.get("group") or make_group(),
        "digest": f"{number:064}",
        "prefix": "mlj_abcd",
        "created_at": NOON,
        "expires_at": NOON + timedelta(days=10),
        "max_uses": 1,
    }
    return Invitation.objects.create(email=email, **defaults | fields)


def test_an_invitation_is_mailed_once(db):
    invitation = make_invitation()

    assert mail_invitation(invitation=invitation, code="abc", at=NOON)
    assert mail_invitation(invitation=invitation, code="abc", at=NOON)

    mail = Outgoing.objects.get()
    assert (mail.kind, mail.address) == ("invitation", "grace@example.org")
    assert mail.payload == {"invitation": invitation.public_id, "code": "abc"}


@pytest.mark.parametrize(("hours", "is_mailed"), [(23, False), (25, True)])
def test_an_address_gets_two_invitations_a_day(db, hours, is_mailed):
    for _ in range(2):
        mail_invitation(invitation=make_invitation(), code="abc", at=NOON)

    later = NOON + timedelta(hours=hours)

    assert mail_invitation(invitation=make_invitation(), code="abc", at=later) is is_mailed
    assert mail_invitation(invitation=make_invitation("emmy@example.org"), code="abc", at=later)


def test_whatever_is_told_can_be_switched_off():
    assert set(NoticeKind.values) <= set(MailCategory.values)


def instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "at", "end"),
    [
        ("UTC", "2026-11-20 21:59", None),
        ("UTC", "2026-11-20 22:00", "2026-11-21 07:00"),
        ("UTC", "2026-11-21 06:59", "2026-11-21 07:00"),
        ("UTC", "2026-11-21 07:00", None),
        ("Pacific/Kiritimati", "2026-11-20 08:30", "2026-11-20 17:00"),
        ("Pacific/Pago_Pago", "2026-11-20 10:00", "2026-11-20 18:00"),
        # The nights in which the clocks go forward and back.
        ("Europe/Berlin", "2027-03-28 00:30", "2027-03-28 05:00"),
        ("Europe/Berlin", "2026-10-25 00:30", "2026-10-25 06:00"),
    ],
)
def test_quiet_hours_are_those_of_the_person_s_clock(ada, zone, at, end):
    ada.time_zone = zone

    found = quiet_end(user=ada, settings=MailSettings(user=ada), at=instant(at))

    assert found == (instant(end) if end else None)


@pytest.mark.parametrize(("at", "is_quiet"), [("12:59", True), ("13:00", False), ("03:00", False)])
def test_quiet_hours_may_be_by_day_and_not_at_all(ada, at, is_quiet):
    by_day = MailSettings(user=ada, quiet_from=time(9), quiet_until=time(13))
    never = MailSettings(user=ada, quiet_from=time(9), quiet_until=time(9))
    moment = instant(f"2026-11-20 {at}")

    assert (quiet_end(user=ada, settings=by_day, at=moment) is not None) is is_quiet
    assert quiet_end(user=ada, settings=never, at=moment) is None
