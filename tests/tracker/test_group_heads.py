"""A group as those in it and those outside see it, and who may change it."""

import pytest
from django.db import transaction

from catalog.graph import current_graph
from mlmath.errors import NotFound, PermissionDenied
from tests.factories import make_group, make_user
from tracker.actions.locking import GroupArchived, lock_leadership, lock_membership
from tracker.actions.notices import tell
from tracker.models import Notice, NoticeKind
from tracker.summaries.members import group_head
from tracker.templatetags.groups import initials


def test_the_head_of_a_group_costs_one_query_and_counts_no_observers(ada, count_queries):
    watcher = make_user()
    group = make_group("Tuesday Readers", leader=ada, members=[make_user()], observers=[watcher])

    with count_queries() as queries:
        head = group_head(user=ada, group_id=group.public_id, graph=current_graph())

    assert (head.group.name, head.member_count, head.leads) == ("Tuesday Readers", 2, True)
    assert len(queries) == 1
    assert group_head(user=watcher, group_id=group.public_id, graph=current_graph()).observes


@pytest.mark.parametrize("visibility", ["private", "public"])
def test_nobody_outside_gets_the_head_of_a_group(ada, visibility):
    group = make_group(visibility=visibility)

    with pytest.raises(NotFound):
        group_head(user=ada, group_id=group.public_id, graph=current_graph())


def test_a_deleted_group_is_gone_for_its_leader_too(ada):
    group = make_group(leader=ada, deleted_at="2026-10-01T00:00Z")

    with pytest.raises(NotFound):
        group_head(user=ada, group_id=group.public_id, graph=current_graph())
    with pytest.raises(NotFound), transaction.atomic():
        lock_leadership(group=group, user=ada)


def test_members_may_not_lead_and_observers_may_only_read(ada):
    watcher = make_user()
    group = make_group(members=[ada], observers=[watcher])

    with transaction.atomic():
        assert not lock_membership(group=group, user=ada).leads
        assert lock_membership(group=group, user=watcher, reads_only=True).observes
    with pytest.raises(PermissionDenied), transaction.atomic():
        lock_leadership(group=group, user=ada)
    with pytest.raises(PermissionDenied), transaction.atomic():
        lock_membership(group=group, user=watcher)


def test_an_archived_group_refuses_changes_with_a_sentence(ada):
    group = make_group(leader=ada, archived_at="2026-10-01T00:00Z")

    with pytest.raises(GroupArchived, match="archived"), transaction.atomic():
        lock_membership(group=group, user=ada)
    with transaction.atomic():
        assert lock_leadership(group=group, user=ada, is_archive_fine=True)[1].leads


def test_the_same_news_is_told_once_and_never_to_its_author(ada):
    grace = make_user()
    for _ in range(2):
        tell(
            people=[ada, grace],
            by=grace,
            kind=NoticeKind.NUDGE,
            key="nudge",
            text="Hello",
            address="/today/",
        )

    assert [notice.user for notice in Notice.objects.all()] == [ada]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Tuesday Readers", "TR"), ("henri", "HE"), ("A", "A"), ("🦊 x", "X"), ("🦊", "🦊"), ("", "")],
)
def test_a_cover_shows_two_initials(name, shown):
    assert initials(name) == shown
