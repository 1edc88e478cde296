"""Data in: exports and lists, what they add, change and keep."""

from copy import deepcopy

import pytest

from catalog.graph import current_graph, forget_graph
from catalog.models import AliasKind, Resource, Topic, TopicAlias
from tests.exchange import NOW, START, after, document_of, live, mark, rows
from tests.factories import make_topic, make_user
from tracker.actions.history import UndoOutdated, undo
from tracker.actions.import_checks import ImportFaulty
from tracker.actions.imports import import_document, import_list
from tracker.actions.notes import write_note
from tracker.models import (
    Activity,
    Answer,
    Question,
    TopicNote,
    TopicProgress,
    TopicState,
    UnitProgress,
    User,
)
from tracker.summaries.export import topics_markdown
from tracker.summaries.people import person_states

# What stays in a group, under no name.
IN_GROUPS = ("questions", "answers", "memberships", "assignments", "rsvps", "presenting")


@pytest.fixture
def document(ada, catalog):
    live(ada, catalog)
    return document_of(ada)


def test_an_import_posts_nothing(ada, document):
    other = make_user()

    import_document(user=other, document=document)

    assert (Question.objects.count(), Answer.objects.count()) == (1, 1)


def test_export_delete_sign_up_import_gives_the_same(document, ada):
    ada.delete()
    again = make_user("ada@example.org", joined_at=ada.joined_at)

    report = import_document(user=again, document=document, at=NOW)

    after_import = document_of(again)
    brought = [row for row in after_import["activity"] if row["source"] == "import"]
    after_import["activity"] = [r for r in after_import["activity"] if r["source"] != "import"]
    # What was written in groups stays there, under no name; the account is another one.
    mine = {"account": after_import["account"]}
    assert after_import == document | {kind: [] for kind in IN_GROUPS} | mine
    assert report.unknown == []
    # The import itself is history too: one batch.
    assert len({row["batch"] for row in brought}) == 1
    assert len(brought) == len(document["topics"]) + len(document["units"])


def test_a_restored_note_has_its_html(document, ada):
    ada.delete()

    import_document(user=make_user(), document=document)

    assert "<mi>a</mi>" in TopicNote.objects.get().body_html


def test_a_restored_history_can_be_undone(document, ada, catalog):
    batch = Activity.objects.filter(topic_id=catalog.topics[1].id).get().batch
    ada.delete()
    again = make_user()
    import_document(user=again, document=document)

    undo(user=again, batch=batch)

    assert not TopicProgress.objects.filter(topic_id=catalog.topics[1].id).exists()


def test_importing_twice_changes_nothing_the_second_time(document):
    other = make_user()
    import_document(user=other, document=document)
    before = rows()

    report = import_document(user=other, document=document)

    assert not report.has_changes
    assert rows() == before


def test_importing_ones_own_export_changes_nothing(document, ada):
    before = rows()

    report = import_document(user=ada, document=document)

    assert (report.has_changes, report.unknown) == (False, [])
    assert rows() == before


def test_a_dry_run_tells_the_same_and_writes_nothing(document):
    other = make_user(name="Grace", minutes_per_day=10)
    before = rows()

    tried = import_document(user=other, document=document, is_dry_run=True)

    assert rows() == before
    assert (other.name, other.minutes_per_day) == ("Grace", 10)
    assert document_of(other)["person"]["name"] == "Grace"
    done = import_document(user=other, document=document)
    assert (tried.added, tried.changed, tried.kept) == (done.added, done.changed, done.kept)
    assert tried.changed["settings"] == [
        "role", "show_dates", "name", "minutes_per_day", "time_zone", "study_days", "days_off",
        "reviews_per_day",
    ]  # fmt: skip


def test_an_import_leaves_other_people_alone(document, ada):
    before = document_of(ada)

    import_document(user=make_user(), document=document)

    assert document_of(ada) == before


def test_an_import_takes_no_address(document, ada):
    other = make_user("grace@example.org")

    import_document(user=other, document=document)

    assert User.objects.get(pk=other.pk).email == "grace@example.org"


def test_what_is_newer_here_stays_and_what_is_older_gives_way(document, catalog):
    other = make_user()
    mark(other, catalog.topics[0], TopicState.SKIPPED, at=after(999))
    mark(other, catalog.topics[4], TopicState.SKIPPED, at=after(-999))
    write_note(user=other, topic=catalog.topics[5], body="Mine is newer", at=after(999))

    report = import_document(user=other, document=document)

    states = person_states(user=other, graph=catalog).current
    assert (states[0].state, states[4].state) == ("skipped", "done")
    assert TopicNote.objects.get(user=other).body == "Mine is newer"
    assert report.changed["topics"] == [catalog.topics[4].slug]


def test_an_import_can_be_undone_in_one_go(document, catalog):
    other = make_user()
    mark(other, catalog.topics[4], TopicState.SKIPPED, at=after(-999))
    before = list(TopicProgress.objects.filter(user=other).values())
    import_document(user=other, document=document, at=NOW)

    undo(user=other, batch=other.activity.filter(source="import")[0].batch)

    after_undo = list(TopicProgress.objects.filter(user=other).values())
    assert [row | {"id": 0} for row in after_undo] == [row | {"id": 0} for row in before]
    assert not UnitProgress.objects.filter(user=other).exists()


def test_undoing_an_own_change_after_an_import_does_not_lose_the_import(document, catalog):
    other = make_user()
    batch = mark(other, catalog.topics[4], TopicState.SKIPPED, at=after(-999))
    import_document(user=other, document=document)

    with pytest.raises(UndoOutdated):
        undo(user=other, batch=batch)


def test_what_the_document_leaves_empty_in_the_profile_stays(ada, catalog):
    empty = document_of(ada)
    empty["person"] |= {"name": "", "role": None, "minutes_per_day": None}
    other = make_user(name="Grace", role="data-scientist", minutes_per_day=20)

    report = import_document(user=other, document=empty)

    other.refresh_from_db()
    assert (other.name, other.minutes_per_day) == ("Grace", 20)
    assert other.role_id == current_graph().roles["data-scientist"].id
    assert not report.has_changes


def test_entries_given_twice_count_once_and_the_newest_wins(document, catalog):
    twice = deepcopy(document)
    slug = catalog.topics[0].slug
    for changed_at, state in [("2028-01-01", "skipped"), ("2027-01-01", "learning")]:
        row = next(row for row in document["topics"] if row["topic"] == slug)
        twice["topics"].append(row | {"state": state, "changed_at": f"{changed_at}T00:00:00Z"})
    twice["units"] *= 2
    twice["reviews"] *= 2
    twice["review_answers"] *= 2
    twice["notes"].append(twice["notes"][0] | {"body": "Old", "changed_at": "2020-01-01T00:00:00Z"})
    twice["activity"] *= 2
    other = make_user()

    import_document(user=other, document=twice)

    assert other.topic_progress.get(topic__slug=slug).state == "skipped"
    assert other.unit_progress.count() == len(document["units"])
    assert other.topic_reviews.count() == len(document["reviews"])
    assert other.review_answers.count() == len(document["review_answers"])
    assert other.topic_notes.get().body.startswith("Says")
    assert not import_document(user=other, document=twice).has_changes


def test_a_done_topic_brings_no_stuck_flag_along(document):
    document["topics"][0] |= {"state": "done", "stuck": True, "stuck_note": "Why?"}
    other = make_user()

    import_document(user=other, document=document)

    row = other.topic_progress.get(topic__slug=document["topics"][0]["topic"])
    assert (row.is_stuck, row.stuck_note) == (False, "")


def test_what_the_catalog_does_not_know_is_named_once_and_the_rest_comes(document):
    document["topics"].append(document["topics"][0] | {"topic": "astrology"})
    document["notes"].append(document["notes"][0] | {"topic": "astrology"})
    document["units"].append(document["units"][0] | {"unit": "no-book/chapter-1"})
    document["sessions"].append(document["sessions"][0] | {"unit": "no-book/chapter-1"})
    document["person"] |= {"role": "wizard", "time_zone": "Mars/Olympus"}
    other = make_user()

    report = import_document(user=other, document=document)

    assert report.unknown == ["Mars/Olympus", "wizard", "astrology", "no-book/chapter-1"]
    assert other.study_sessions.count() == len(document["sessions"])
    assert other.topic_progress.count() == len(document["topics"]) - 1


def test_old_names_of_topics_and_resources_are_understood(document, catalog):
    resource, _, unit = document["units"][0]["unit"].partition("/")
    row = Resource.objects.get(slug=resource)
    row.slug, row.former_slugs = "a-new-name", [resource]
    row.save()
    old = document["topics"][0]["topic"]
    topic = Topic.objects.get(slug=old)
    topic.slug = "a-new-topic-name"
    topic.save()
    TopicAlias.objects.create(slug=old, topic=topic, kind=AliasKind.RENAMED)
    forget_graph()
    other = make_user()

    report = import_document(user=other, document=document)

    assert report.unknown == []
    assert other.unit_progress.get().unit.slug == unit
    assert other.topic_progress.filter(topic=topic).exists()


def test_a_tick_from_before_a_split_goes_to_all_parts_and_stays(document, catalog):
    slug = next(row["topic"] for row in document["topics"] if row["state"] == "done")
    old = Topic.objects.get(slug=slug)
    parts = [make_topic("Part one"), make_topic("Part two")]
    old.is_retired = True
    old.save()
    for part in parts:
        TopicAlias.objects.create(slug=slug, topic=part, kind=AliasKind.SPLIT)
    forget_graph()
    other = make_user()

    import_document(user=other, document=document)

    for topic in (old, *parts):
        assert other.topic_progress.get(topic=topic).state == "done"
    assert not import_document(user=other, document=document).has_changes


def test_retired_topics_and_units_keep_what_people_did(document, ada, catalog):
    topic = Topic.objects.get(slug=document["sessions"][0]["topic"])
    topic.is_retired = True
    topic.save()
    Resource.objects.update(is_retired=True)
    forget_graph()
    ada.delete()
    other = make_user()

    report = import_document(user=other, document=document)

    assert report.unknown == []
    assert other.study_sessions.filter(topic=topic).exists()
    assert other.unit_progress.count() == len(document["units"])


# --- Lists -----------------------------------------------------------------------------------


def done_slugs(user):
    return set(user.topic_progress.filter(state="done").values_list("topic__slug", flat=True))


def test_a_list_of_slugs_titles_and_other_names_ticks_topics(ada, catalog):
    one, two, three = catalog.topics[:3]
    other_name = next(topic for topic in catalog.topics if topic.also_called)
    text = "\n".join(
        [
            "# My list",
            one.slug,
            f"- [x] {two.title.upper()}",
            f"* [X] {three.title}",
            f"12. {other_name.also_called[0]}",
            f"- [ ] {catalog.topics[40].title}",
            "",
            "Astrology\0",
        ]
    )

    report = import_list(user=ada, text=f"\ufeff{text}")

    assert done_slugs(ada) == {one.slug, two.slug, three.slug, other_name.slug}
    assert report.added == {
        "topics": list(dict.fromkeys([one.title, two.title, three.title, other_name.title]))
    }
    assert report.unknown == ["Astrology\0"]
    assert set(ada.activity.values_list("source", flat=True)) == {"import"}


def test_a_list_keeps_what_is_done_or_skipped(ada, catalog):
    done, skipped, learning = catalog.topics[:3]
    mark(ada, done)
    mark(ada, skipped, TopicState.SKIPPED)
    mark(ada, learning, TopicState.LEARNING)

    report = import_list(user=ada, text=f"{done.slug}\n{skipped.slug}\n{learning.slug}", at=NOW)

    states = person_states(user=ada, graph=catalog).current
    assert [states[i].state for i in range(3)] == ["done", "skipped", "done"]
    assert states[0].changed_at == START
    assert (report.added, report.changed) == ({}, {"topics": [learning.title]})
    assert report.kept == 2


def test_a_list_read_twice_changes_nothing(ada, catalog):
    text = "\n".join(topic.title for topic in catalog.topics)
    import_list(user=ada, text=text)
    before = rows()

    assert not import_list(user=ada, text=text).has_changes
    assert rows() == before


def test_a_dry_run_of_a_list_writes_nothing(ada, catalog):
    report = import_list(user=ada, text=catalog.topics[0].slug, is_dry_run=True)

    assert report.added == {"topics": [catalog.topics[0].title]}
    assert not TopicProgress.objects.exists()


def test_a_list_has_a_thousand_lines_at_most(ada):
    with pytest.raises(ImportFaulty, match="1000 lines"):
        import_list(user=ada, text="x\n" * 1001)


def test_the_checklist_comes_back_as_a_list(ada, catalog):
    for topic in catalog.topics[::3]:
        mark(ada, topic)
    text = topics_markdown(catalog, person_states(user=ada, graph=catalog), None)
    other = make_user()

    report = import_list(user=other, text=text)

    assert report.unknown == []
    assert done_slugs(other) == done_slugs(ada)
