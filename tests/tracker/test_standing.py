"""What follows from somebody's states, against a plain definition with sets."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.graph import CatalogGraph
from tests.catalog.test_order import prerequisite_lists
from tests.factories import make_graph
from tracker.models import TopicState
from tracker.summaries.standing import (
    Standing,
    next_topics,
    readiness,
    role_progress,
    subject_progress,
    topic_row,
)

TODO, LEARNING, DONE, SKIPPED = (
    TopicState.TODO,
    TopicState.LEARNING,
    TopicState.DONE,
    TopicState.SKIPPED,
)
# vectors 0 → matrices 1 → eigenvalues 2; limits 3 → gradients 4, which needs vectors as well
CHAIN = [[], [0], [1], [], [0, 3]]


@dataclass
class Case:
    graph: CatalogGraph
    states: dict[int, str]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A random catalog with a role over some of it, and somebody's states in it."""
    needs = draw(prerequisite_lists())
    size = len(needs)
    hours = draw(st.lists(st.integers(1, 40), min_size=size, max_size=size))
    role = draw(st.dictionaries(st.integers(0, size - 1), st.booleans()))
    states = draw(st.dictionaries(st.integers(0, size - 1), st.sampled_from(TopicState.values)))
    return Case(make_graph(needs, hours=[one / 2 for one in hours], roles={"role": role}), states)


def members(mask: int) -> set[int]:
    return {index for index in range(mask.bit_length()) if mask >> index & 1}


def brute_force(case: Case) -> dict[str, set[int]]:
    """The definitions, word by word."""
    state = {topic.index: case.states.get(topic.index, TODO) for topic in case.graph.topics}
    needs = {topic.index: {need.index for need in topic.needs} for topic in case.graph.topics}

    def foundations(index: int) -> set[int]:
        return needs[index].union(*(foundations(one) for one in needs[index]))

    done = {index for index in state if state[index] == DONE}
    skipped = {index for index in state if state[index] == SKIPPED}
    implied = {
        index
        for index in state
        if state[index] == TODO and any(index in foundations(other) for other in done)
    }
    known = done | implied
    ready = {
        index
        for index in state
        if state[index] in {TODO, LEARNING}
        and index not in implied
        and needs[index] <= known | skipped
    }
    learning = {index for index in state if state[index] == LEARNING}
    return {
        "done": done,
        "learning": learning,
        "skipped": skipped,
        "implied": implied,
        "known": known,
        "ready": ready,
    }


@given(cases())
def test_standing_is_what_the_definitions_say(case):
    standing = Standing.of(case.graph, case.states)

    for name, wanted in brute_force(case).items():
        assert members(getattr(standing, name)) == wanted, name
    for topic in case.graph.topics:
        assert standing.state_of(topic.index) == case.states.get(topic.index, TODO)


@given(cases())
def test_counters_and_readiness_are_what_the_definitions_say(case):
    role = case.graph.roles["role"]
    required = {entry.index for entry in role.entries if entry.is_required}
    recommended = {entry.index for entry in role.entries if not entry.is_required}
    sets = brute_force(case)

    progress = role_progress(role, Standing.of(case.graph, case.states))

    for name in ("done", "implied", "learning", "ready", "skipped"):
        assert getattr(progress.counters, name) == len(sets[name] & required), name
    assert progress.counters.total == len(required)
    assert progress.counters.recommended_done == len(sets["done"] & recommended)
    assert progress.counters.recommended_total == len(recommended)
    known = sum(case.graph.topics[index].hours.likely for index in required & sets["known"])
    total = sum(case.graph.topics[index].hours.likely for index in required - sets["skipped"])
    assert progress.readiness.known_hours == known
    assert progress.readiness.total_hours == total
    assert progress.readiness.percent == (int(100 * known / total) if total else 100)


@given(cases(), st.data())
def test_readiness_never_falls_when_a_topic_gets_done(case, data):
    role = case.graph.roles["role"]
    before = Standing.of(case.graph, case.states)
    index = data.draw(st.integers(0, len(case.graph.topics) - 1))

    after = Standing.of(case.graph, {**case.states, index: DONE})

    # A topic that was skipped counts again once it is done, hence the hours as well.
    assert before.known & ~after.known == 0
    assert readiness(role, after).known_hours >= readiness(role, before).known_hours
    if case.states.get(index) != SKIPPED:
        assert readiness(role, after).percent >= readiness(role, before).percent


@given(cases())
def test_next_topics_are_all_ready_ones_of_the_role_and_those_being_learned_come_first(case):
    role = case.graph.roles["role"]
    standing = Standing.of(case.graph, case.states)

    found = next_topics(case.graph, role, standing)

    assert {topic.index for topic in found} == members(standing.ready & role.topics_mask)
    learned = [case.states.get(topic.index) == LEARNING for topic in found]
    assert learned == sorted(learned, reverse=True)


def test_a_done_topic_implies_all_it_rests_on():
    standing = Standing.of(make_graph(CHAIN), {2: DONE})

    assert members(standing.implied) == {0, 1}
    assert members(standing.ready) == {3}


def test_what_is_marked_itself_is_not_implied():
    standing = Standing.of(make_graph(CHAIN), {2: DONE, 0: LEARNING, 1: SKIPPED})

    assert standing.implied == 0
    assert members(standing.ready) == {0, 3}


def test_a_skipped_prerequisite_stands_in_nobodys_way():
    standing = Standing.of(make_graph(CHAIN), {0: SKIPPED})

    assert members(standing.ready) == {1, 3}


def test_an_explicit_todo_is_the_same_as_no_row():
    graph = make_graph(CHAIN)

    assert Standing.of(graph, {0: TODO}) == Standing.of(graph, {})


def test_stuck_topics_are_counted_in_the_role():
    graph = make_graph(CHAIN, roles={"analyst": {0: True, 1: True}})
    standing = Standing.of(graph, {0: LEARNING}, stuck=[0, 3])

    assert role_progress(graph.roles["analyst"], standing).counters.stuck == 1


@pytest.mark.parametrize(
    ("states", "percent"),
    [({}, 0), ({0: DONE}, 33), ({1: DONE}, 66), ({0: SKIPPED, 1: DONE}, 50), ({2: DONE}, 100)],
)
def test_readiness_is_whole_percent_rounded_down(states, percent):
    # An hour each: one of three is 33 percent, and what is skipped is not among them.
    graph = make_graph(CHAIN, roles={"analyst": {0: True, 1: True, 2: True, 3: False}})

    found = readiness(graph.roles["analyst"], Standing.of(graph, states))

    assert found.percent == percent


def test_a_role_without_anything_left_is_reached():
    graph = make_graph(CHAIN, roles={"analyst": {0: True}, "nothing": {}})

    assert readiness(graph.roles["analyst"], Standing.of(graph, {0: SKIPPED})).percent == 100
    assert readiness(graph.roles["nothing"], Standing.of(graph, {})).percent == 100


def test_next_prefers_what_opens_many_hours_for_few():
    graph = make_graph([[], [0], [], [2]], hours=[2, 10, 2, 30])

    found = next_topics(graph, None, Standing.of(graph, {}))

    assert [topic.slug for topic in found] == ["t2", "t0"]


def test_next_puts_what_a_group_reads_soon_after_what_is_being_learned():
    # Without its group, the first topic would come last: it opens nothing.
    graph = make_graph([[], [], [1], []], hours=[2, 2, 10, 2])

    found = next_topics(graph, None, Standing.of(graph, {3: LEARNING}), due=0b1)

    assert [topic.slug for topic in found] == ["t3", "t0", "t1"]


def test_next_is_empty_when_everything_is_known():
    graph = make_graph(CHAIN)

    assert next_topics(graph, None, Standing.of(graph, {2: DONE, 4: DONE})) == []


def test_subject_progress_counts_required_topics_only():
    graph = make_graph(
        CHAIN, hours=[1, 2, 3, 4, 5], roles={"analyst": {0: True, 1: True, 3: False}}
    )
    standing = Standing.of(graph, {0: DONE, 1: LEARNING})

    [found] = subject_progress(graph, graph.roles["analyst"], standing)

    assert (found.known, found.learning, found.total) == (1, 1, 2)
    assert (found.known_hours, found.total_hours) == (1.0, 3.0)


def test_a_row_says_all_that_a_list_shows():
    graph = make_graph(CHAIN, hours=[4], roles={"analyst": {0: True}})
    standing = Standing.of(graph, {0: LEARNING}, stuck=[0])
    topic = graph.topics[0]

    row = topic_row(graph, standing, topic, graph.roles["analyst"].entry_by_index[0])

    assert (row.slug, row.state, row.is_stuck, row.is_implied, row.is_ready) == (
        "t0",
        LEARNING,
        True,
        False,
        True,
    )
    assert (row.hours, row.requirement, row.depth, row.unlocks) == (4, "required", "Working", 2)
