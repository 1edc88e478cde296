"""One kind word a day."""

from datetime import UTC, datetime
from functools import partial

import pytest

from mlmath.errors import NotFound, PermissionDenied
from tests.factories import make_group, make_user
from tests.races import race
from tracker.actions.nudges import PRESET, AlreadyNudged, NotToBeNudged, nudge
from tracker.models import Notice, Nudge, StudyGroup, User

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def henri(db):
    return make_user(name="Henri")


@pytest.fixture
def group(ada, henri):
    return make_group("Tuesday Readers", leader=ada, members=[henri])


def test_a_nudge_tells_the_member_in_our_words(ada, henri, group):
    nudge(user=ada, group=group, member=henri, at=NOON)

    notice = Notice.objects.get()
    assert (notice.user, notice.by, notice.kind) == (henri, ada, "nudge")
    assert notice.text == f"Ada Lovelace thinks of you in Tuesday Readers: “{PRESET}”"
    assert notice.address == f"/groups/{group.public_id}/"


def test_a_nudge_takes_the_words_of_the_leader(ada, henri, group):
    nudge(user=ada, group=group, member=henri, text=" Tea on Tuesday? ", at=NOON)

    assert Notice.objects.get().text.endswith(": “Tea on Tuesday?”")


def test_nobody_is_nudged_twice_on_a_day_be_it_by_another_leader(ada, henri, group):
    emmy = make_user(name="Emmy")
    group.memberships.create(user=emmy, role="leader", joined_at=NOON)
    nudge(user=ada, group=group, member=henri, at=NOON)

    with pytest.raises(AlreadyNudged, match="tomorrow"):
        nudge(user=emmy, group=group, member=henri, at=NOON)

    assert Notice.objects.count() == 1


def test_the_day_is_that_of_the_group(ada, henri):
    group = make_group(leader=ada, members=[henri], time_zone="Pacific/Auckland")

    # In Auckland it is 21 November, 23:30, then half past midnight.
    for hour, minute in ((10, 30), (11, 30)):
        at = datetime(2026, 11, 21, hour, minute, tzinfo=UTC)
        nudge(user=ada, group=group, member=henri, at=at)

    assert [str(one.day) for one in Nudge.objects.order_by("day")] == ["2026-11-21", "2026-11-22"]


def test_leaders_are_not_nudged_by_themselves_nor_observers_at_all(ada, group):
    watcher = make_user()
    group.memberships.create(user=watcher, role="observer", joined_at=NOON)

    for person in (ada, watcher):
        with pytest.raises(NotToBeNudged):
            nudge(user=ada, group=group, member=person, at=NOON)


def test_only_leaders_nudge_and_only_those_in_the_group(ada, henri, group):
    stranger = make_user()

    with pytest.raises(PermissionDenied):
        nudge(user=henri, group=group, member=ada, at=NOON)
    with pytest.raises(NotFound):
        nudge(user=stranger, group=group, member=henri, at=NOON)
    with pytest.raises(NotFound):
        nudge(user=ada, group=group, member=stranger, at=NOON)

    assert not Notice.objects.exists()


@pytest.mark.postgresql
def test_eight_leaders_at_once_nudge_somebody_once(transactional_db, catalog):
    leader, henri = make_user(), make_user("henri@example.org")
    group = make_group(leader=leader, members=[henri])
    for _ in range(7):
        group.memberships.create(user=make_user(), role="leader", joined_at=NOON)
    leaders = [one.user_id for one in group.memberships.filter(role="leader")]

    def by(key):
        user, there = User.objects.get(pk=key), StudyGroup.objects.get()
        nudge(user=user, group=there, member=henri, at=NOON)

    raised = race(*(partial(by, key) for key in leaders))

    assert raised == [AlreadyNudged] * 7
    assert (Nudge.objects.count(), Notice.objects.count()) == (1, 1)
