"""Whatever a leader can do about a member is written down: each row of permissions.psv is tried."""

import pytest

from tests.permissions import ROWS
from tests.test_permissions import world  # noqa: F401  # everybody around one group
from tracker.models import LeaderAct

pytestmark = pytest.mark.django_db

# What only a leader can do, by the rows of permissions.psv, and why it is about no member.
ABOUT_NO_MEMBER = {
    "group.patch": "the group", "group.delete": "the group: everybody is told",
    "group.copy": "another group", "group.archive": "the group", "invitation.create": "a way in",
    "invitation.revoke": "a way in", "webhook.create": "a program", "webhook.delete": "a program",
    "webhook.rotate": "a program", "webhook.try": "a program", "webhook.enable": "a program",
    "webhook.redeliver": "a program",
    "meeting.create": "the group's meetings", "meeting.patch": "the group's meetings",
    "meeting.delete": "the group's meetings", "meeting.restore": "the group's meetings",
    "meeting.date.cancel": "the group's meetings", "meeting.date": "the group's meetings",
    "meeting.notes": "the group's meetings",
    "member.promote.self": "themselves", "member.sharing.other": "refused",
    "assignment.create.outsider": "refused", "assignment.create": "for everyone",
    "assignment.plan": "for everyone", "assignment.plan.undo": "for everyone",
    "assignment.shift": "for everyone", "assignment.shift.undo": "for everyone",
    "assignment.patch": "for everyone", "assignment.patch.draft": "for everyone",
    "nudge.again": "refused", "assignment.delete": "for everyone",
    "assignment.restore": "for everyone", "assignment.publish": "for everyone",
    "assignment.move": "for everyone",
    "question.accept.none": "there is no answer to take the choice from",
}  # fmt: skip
LEADS = [row for row in ROWS if row.pattern == "lead" and row.method not in {"GET", "HEAD"}]


@pytest.mark.parametrize("row", LEADS, ids=str)
def test_whatever_a_leader_does_about_a_member_is_written_down(world, row):  # noqa: F811
    before = LeaderAct.objects.count()

    response = world.call(world.browser("D"), row, "D")

    assert response.status_code < 500
    is_written = LeaderAct.objects.count() > before
    assert is_written is (row.id not in ABOUT_NO_MEMBER), row.id


def test_what_is_about_no_member_exists():
    assert set(ABOUT_NO_MEMBER) <= {row.id for row in LEADS}
