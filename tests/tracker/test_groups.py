"""Starting groups, finding them again, and changing them."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError

from catalog.graph import current_graph
from mlmath.errors import Changed, NotFound, PermissionDenied
from tests.factories import make_assignment, make_group, make_user
from tracker.actions.groups import TooManyGroups, create_group, edit_group
from tracker.models import Assignment, GroupRole, Membership, StudyGroup
from tracker.summaries.groups import group_card, my_groups, public_groups


def names(groups):
    return [group.name for group in groups]


def test_who_starts_a_group_leads_it_in_their_own_zone(ada, catalog):
    ada.time_zone = "Europe/Lisbon"
    ada.save()

    group = create_group(
        user=ada,
        name=" Tuesday Readers ",
        about="We read **one** chapter.\r\n",
        resource=catalog.resources["mml-book"],
    )

    group = StudyGroup.objects.get(pk=group.pk)
    assert (group.name, group.time_zone, group.visibility) == (
        "Tuesday Readers",
        "Europe/Lisbon",
        "private",
    )
    assert group.about == "We read **one** chapter.\n"
    assert group.about_html == "<p>We read <strong>one</strong> chapter.</p>\n"
    assert group.resource.slug == "mml-book"
    membership = Membership.objects.get()
    assert (membership.user, membership.role) == (ada, GroupRole.LEADER)
    assert not membership.shares_readiness


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "a" * 201),
        ("name", "two\nlines"),
        ("name", "a\0"),
        ("about", "a" * 5001),
        ("about", "a\0"),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_a_group_that_does_not_fit_is_not_started(ada, field, value):
    with pytest.raises(ValidationError) as refusal:
        create_group(**{"user": ada, "name": "Readers"} | {field: value})

    assert list(refusal.value.message_dict) == [field]
    assert not StudyGroup.objects.exists()


def test_nobody_leads_more_than_a_hundred_groups(ada):
    for _ in range(100):
        make_group(leader=ada)
    make_group(leader=ada, deleted_at="2026-10-01T00:00Z")

    with pytest.raises(TooManyGroups, match="100"):
        create_group(user=ada, name="One more")

    StudyGroup.objects.filter(deleted_at=None).first().delete()
    create_group(user=ada, name="One more")


def test_my_groups_are_listed_by_name_with_archived_ones_last(ada):
    make_group("Beta", leader=ada)
    make_group("Alpha", members=[ada])
    make_group("Aardvark", observers=[ada], archived_at="2026-10-01T00:00Z")
    make_group("Gone", leader=ada, deleted_at="2026-10-01T00:00Z")
    make_group("Somebody else's", visibility="public")

    assert names(my_groups(ada)) == ["Alpha", "Beta", "Aardvark"]


def test_the_directory_has_public_groups_only_and_is_searched_by_words(ada, catalog):
    book = catalog.resources["mml-book"]
    make_group("Private")
    make_group("Over", visibility="public", archived_at="2026-10-01T00:00Z")
    make_group("Deleted", visibility="public", deleted_at="2026-10-01T00:00Z")
    make_group("Bayes in Lisbon", visibility="public", created_at="2026-09-02T00:00Z")
    make_group("Oslo", visibility="public", about="All of Bayes.", created_at="2026-09-01T00:00Z")
    make_group("Rome", visibility="public", resource_id=book.id, created_at="2026-08-01T00:00Z")

    assert names(public_groups(ada)) == ["Bayes in Lisbon", "Oslo", "Rome"]
    assert names(public_groups(ada, words=["bayes"])) == ["Bayes in Lisbon", "Oslo"]
    assert names(public_groups(ada, words=["bayes", "lisbon"])) == ["Bayes in Lisbon"]
    assert names(public_groups(ada, words=["machine"], resources=[book.id])) == ["Rome"]
    assert names(public_groups(ada, words=["%"])) == []


def test_the_card_of_a_public_group_is_for_everybody_and_costs_one_query(ada, count_queries):
    group = make_group(visibility="public", members=[make_user()], observers=[make_user()])

    with count_queries() as queries:
        card = group_card(user=ada, group_id=group.public_id, graph=current_graph())

    assert (card.group, card.member_count, card.role) == (group, 2, None)
    assert len(queries) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"visibility": "private"},
        {"visibility": "public", "archived_at": "2026-10-01T00:00Z"},
        {"visibility": "public", "deleted_at": "2026-10-01T00:00Z"},
    ],
)
def test_other_cards_are_not_for_those_outside(ada, fields):
    group = make_group(**fields)

    with pytest.raises(NotFound):
        group_card(user=ada, group_id=group.public_id, graph=current_graph())


# --- Changing one ------------------------------------------------------------------------------


def test_naming_what_is_there_already_changes_nothing(ada, catalog):
    group = create_group(user=ada, name="Readers", resource=catalog.resources["mml-book"])

    edited = edit_group(
        user=ada, group=group, name="Readers", resource=catalog.resources["mml-book"]
    )

    assert edited.version == 1


def test_an_edit_replaces_what_it_names_and_counts_the_version(ada):
    group = make_group("Readers", leader=ada)

    edit_group(user=ada, group=group, version=1, name=" Writers ", about="*Hi*", is_open=True)

    group.refresh_from_db()
    assert (group.name, group.about_html, group.is_open, group.version) == (
        "Writers",
        "<p><em>Hi</em></p>\n",
        True,
        2,
    )


def test_an_edit_of_an_older_version_is_refused(ada):
    group = make_group("Readers", leader=ada)
    edit_group(user=ada, group=group, name="Writers")

    with pytest.raises(Changed):
        edit_group(user=ada, group=group, version=1, name="Talkers")

    assert StudyGroup.objects.get().name == "Writers"


def test_members_do_not_edit_and_those_outside_find_nothing(ada):
    with pytest.raises(PermissionDenied):
        edit_group(user=ada, group=make_group(members=[ada]), name="Mine")
    with pytest.raises(NotFound):
        edit_group(user=ada, group=make_group(), name="Mine")


def test_in_another_zone_due_dates_keep_their_local_time(ada, catalog):
    group = make_group(leader=ada, time_zone="UTC")
    unit = catalog.resources["mml-book"].units[0]
    assignment = make_assignment(group, unit.id, due_on=date(2026, 12, 1))
    make_assignment(make_group(), unit.id, due_on=date(2026, 12, 1))

    edit_group(user=ada, group=group, time_zone="America/New_York")

    assignment.refresh_from_db()
    assert assignment.due_at == datetime(2026, 12, 2, 4, 59, tzinfo=UTC)
    assert (assignment.due_on, assignment.version) == (date(2026, 12, 1), 2)
    assert Assignment.objects.exclude(pk=assignment.pk).get().version == 1
