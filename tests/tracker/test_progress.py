"""Marking topics, taking it back, and what must not happen on the way."""

import threading
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

import pytest

from catalog.graph import current_graph, forget_graph
from catalog.models import AliasKind, TopicAlias, TopicMove
from tests.factories import make_topic, make_user
from tests.races import race
from tracker.actions import history
from tracker.actions import progress as actions
from tracker.actions.progress import Mark
from tracker.models import Activity, Source, TopicProgress, TopicState
from tracker.summaries.people import person_states

TODO, LEARNING, DONE, SKIPPED = (
    TopicState.TODO,
    TopicState.LEARNING,
    TopicState.DONE,
    TopicState.SKIPPED,
)
FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 8, tzinfo=UTC)
MUCH_LATER = datetime(2026, 3, 3, 8, tzinfo=UTC)


def mark(user, wanted, *, at=FIRST, source=Source.MANUAL, with_prerequisites=False):
    """`wanted` leads from slugs to states, or to pairs of a state and the stuck flag."""
    graph = current_graph()
    marks = []
    for slug, value in wanted.items():
        state, is_stuck = value if isinstance(value, tuple) else (value, None)
        marks.append(Mark(topic=graph.topic_by_slug[slug], state=state, is_stuck=is_stuck))
    return actions.mark_topics(
        user=user, marks=marks, source=source, with_prerequisites=with_prerequisites, at=at
    )


def states(user):
    return dict(TopicProgress.objects.filter(user=user).values_list("topic__slug", "state"))


def rows(user):
    """Everything that is kept about where `user` stands."""
    return set(
        TopicProgress.objects.filter(user=user).values_list(
            "topic__slug", "state", "is_stuck", "source", "changed_at"
        )
    )


def test_a_mark_is_kept_with_its_source_and_time(ada):
    mark(ada, {"vectors": LEARNING}, source=Source.API)

    assert rows(ada) == {("vectors", "learning", False, "api", FIRST)}


def test_a_repeated_mark_keeps_the_first_time_and_is_logged_once(ada):
    mark(ada, {"vectors": DONE}, at=FIRST)
    again = mark(ada, {"vectors": DONE}, at=LATER, source=Source.API)

    assert rows(ada) == {("vectors", "done", False, "manual", FIRST)}
    assert Activity.objects.filter(user=ada).count() == 1
    assert (again.batch, again.changed) == ("", 0)


def test_a_mark_logs_what_was_before(ada):
    mark(ada, {"vectors": (LEARNING, True)}, at=FIRST)
    mark(ada, {"vectors": DONE}, at=LATER)

    entry = Activity.objects.filter(user=ada).first()

    assert (entry.before_state, entry.before_is_stuck, entry.before_changed_at) == (
        "learning",
        True,
        FIRST,
    )
    assert (entry.after_state, entry.after_is_stuck, entry.at) == ("done", False, LATER)


def test_marking_todo_what_was_never_marked_changes_nothing(ada):
    done = mark(ada, {"vectors": TODO})

    assert done.changed == 0
    assert rows(ada) == set()


@pytest.mark.parametrize("state", [DONE, SKIPPED])
def test_a_topic_that_is_settled_is_not_stuck_any_more(ada, state):
    mark(ada, {"vectors": (LEARNING, True)})
    mark(ada, {"vectors": state}, at=LATER)

    assert TopicProgress.objects.get(user=ada).is_stuck is False


def test_the_stuck_flag_stays_where_a_mark_does_not_name_it(ada):
    mark(ada, {"vectors": (TODO, True)})
    mark(ada, {"vectors": LEARNING}, at=LATER)

    assert rows(ada) == {("vectors", "learning", True, "manual", LATER)}


def test_with_prerequisites_marks_all_that_a_done_topic_rests_on(ada):
    mark(ada, {"matrix-multiplication": DONE}, with_prerequisites=True)

    graph = current_graph()
    foundations = graph.topics_in(graph.topic_by_slug["matrix-multiplication"].ancestors_mask)
    assert states(ada) == {
        "matrix-multiplication": "done",
        **{topic.slug: "done" for topic in foundations},
    }


def test_with_prerequisites_leaves_skipped_ones_and_the_named_ones_alone(ada):
    mark(ada, {"vectors": SKIPPED})
    mark(
        ada,
        {"matrix-multiplication": DONE, "matrices-and-matrix-arithmetic": LEARNING},
        with_prerequisites=True,
        at=LATER,
    )

    found = states(ada)
    assert found["vectors"] == "skipped"
    assert found["matrices-and-matrix-arithmetic"] == "learning"


def test_with_prerequisites_means_nothing_for_a_topic_that_is_not_done(ada):
    mark(ada, {"matrix-multiplication": LEARNING}, with_prerequisites=True)

    assert states(ada) == {"matrix-multiplication": "learning"}


def test_marks_touch_nobody_else(ada):
    grace = make_user("grace@example.org")
    mark(grace, {"vectors": LEARNING})

    mark(ada, {"vectors": DONE}, with_prerequisites=True, at=LATER)

    assert rows(grace) == {("vectors", "learning", False, "manual", FIRST)}
    assert Activity.objects.filter(user=grace).count() == 1


def test_a_mark_costs_the_same_however_much_is_there(ada, count_queries):
    def cost(wanted):
        with count_queries() as queries:
            mark(ada, wanted)
        return len(queries)

    one = cost({"vectors": DONE})
    slugs = [topic.slug for topic in current_graph().topics]
    many = cost(dict.fromkeys(slugs[:50], LEARNING))

    assert one == many <= 4


def test_undo_is_logged_and_names_what_it_takes_back(ada):
    batch = mark(ada, {"vectors": DONE}).batch

    history.undo(user=ada, batch=batch, at=LATER)

    entry = Activity.objects.filter(user=ada).first()
    assert (entry.undoes, entry.before_state, entry.after_state) == (batch, "done", "todo")


def test_a_guests_marks_come_along_and_the_own_state_wins(ada):
    mark(ada, {"vectors": LEARNING})

    actions.merge_guest_marks(user=ada, marks={"vectors": "done", "derivatives": "skipped"})

    assert states(ada) == {"vectors": "learning", "derivatives": "skipped"}


def test_a_guests_marks_that_make_no_sense_are_left_behind(ada):
    actions.merge_guest_marks(user=ada, marks={"no-such-topic": "done", "vectors": "sideways"})

    assert states(ada) == {}


def test_a_retired_topic_is_refused_with_a_sentence(catalog):
    make_topic("Alchemy", is_retired=True)
    forget_graph()

    with pytest.raises(actions.TopicRetired, match="Alchemy") as refusal:
        actions.find_topics(current_graph(), "alchemy")

    assert refusal.value.code == "topic_retired"


def test_an_unknown_topic_is_not_found(catalog):
    assert actions.find_topics(catalog, "no-such-topic") == ()


def move_of(kind, old, *new):
    return TopicMove(kind=kind, old_id=old.id, new_ids=tuple(topic.id for topic in new))


def tick(user, topic, state, *, at=FIRST):
    TopicProgress.objects.create(
        user=user, topic=topic, state=state, source=Source.MANUAL, changed_at=at
    )


def test_ticks_on_a_split_topic_go_to_all_its_parts(ada):
    old, one, other = make_topic("Old"), make_topic("One"), make_topic("Other")
    tick(ada, old, DONE)

    carried = actions.carry_ticks(moves=[move_of(AliasKind.SPLIT, old, one, other)], at=LATER)

    assert carried == 2
    assert states(ada) == {"old": "done", "one": "done", "other": "done"}
    assert TopicProgress.objects.get(user=ada, topic=one).changed_at == FIRST


def test_the_strongest_tick_goes_to_a_merged_topic(ada):
    weak, strong, new = make_topic("Weak"), make_topic("Strong"), make_topic("New")
    tick(ada, weak, LEARNING)
    tick(ada, strong, DONE)

    moves = [move_of(AliasKind.MERGED, weak, new), move_of(AliasKind.MERGED, strong, new)]
    actions.carry_ticks(moves=moves, at=LATER)

    assert states(ada)["new"] == "done"


def test_a_tick_that_is_there_already_wins_over_one_that_comes(ada):
    old, new = make_topic("Old"), make_topic("New")
    tick(ada, old, DONE)
    tick(ada, new, LEARNING)

    actions.carry_ticks(moves=[move_of(AliasKind.MERGED, old, new)], at=LATER)

    assert states(ada)["new"] == "learning"


def test_ticks_are_carried_once(ada):
    old, new = make_topic("Old"), make_topic("New")
    tick(ada, old, DONE)
    moves = [move_of(AliasKind.MERGED, old, new)]
    actions.carry_ticks(moves=moves, at=LATER)

    assert actions.carry_ticks(moves=moves, at=MUCH_LATER) == 0
    assert Activity.objects.filter(user=ada).count() == 1


def test_a_tick_by_an_old_slug_goes_to_every_part(ada):
    one, other = make_topic("One"), make_topic("Other")
    for topic in (one, other):
        TopicAlias.objects.create(slug="old", topic=topic, kind=AliasKind.SPLIT)
    forget_graph()
    graph = current_graph()

    marks = [Mark(topic=topic, state=DONE) for topic in actions.find_topics(graph, "old")]
    actions.mark_topics(user=ada, marks=marks, source=Source.MANUAL)

    assert states(ada) == {"one": "done", "other": "done"}


def eight_times(work):
    """`work(number)` in eight threads at once; the kinds of what they raise."""
    return race(*(partial(work, number) for number in range(8)))


@pytest.fixture
def committed_ada(transactional_db, catalog):
    return make_user("ada@example.org")


@pytest.mark.postgresql
def test_eight_tabs_that_mark_at_once_leave_one_row_and_a_log_without_gaps(committed_ada):
    wanted = [LEARNING, DONE, SKIPPED, DONE, LEARNING, SKIPPED, DONE, LEARNING]

    raised = eight_times(lambda number: mark(committed_ada, {"vectors": wanted[number]}))

    assert raised == []
    log = list(Activity.objects.filter(user=committed_ada).order_by("id"))
    assert log[0].before_state == TODO
    for earlier, later in pairwise(log):
        assert later.before_state == earlier.after_state
    assert states(committed_ada) == {"vectors": log[-1].after_state}


@pytest.mark.postgresql
def test_eight_tabs_that_undo_at_once_undo_once(committed_ada):
    batch = mark(committed_ada, {"vectors": DONE}).batch

    raised = eight_times(lambda number: history.undo(user=committed_ada, batch=batch))

    assert raised == []
    assert states(committed_ada) == {}
    assert Activity.objects.filter(user=committed_ada, undoes=batch).count() == 1


@pytest.mark.postgresql
def test_without_the_lock_the_race_would_show(committed_ada, monkeypatch):
    """The control: the two tests above are able to fail."""
    all_have_read = threading.Barrier(8)

    def read_and_wait(**whose):
        found = person_states(**whose)
        all_have_read.wait(timeout=60)
        return found

    monkeypatch.setattr(actions, "lock_person", lambda user: None)
    monkeypatch.setattr(actions, "person_states", read_and_wait)
    monkeypatch.setattr(actions, "new_public_id", lambda: "unlocked")

    eight_times(lambda number: mark(committed_ada, {"vectors": DONE}))

    assert Activity.objects.filter(user=committed_ada).count() == 8
