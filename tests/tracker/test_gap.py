"""The gap to a role: what is missing, by subject, and what can be started."""

from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_graph
from tracker.models import TopicState
from tracker.summaries.gap import role_gap
from tracker.summaries.standing import Standing

# t0 ← t1 ← t3 and t0 ← t2; the role requires 0, 1 and 3 and recommends 2.
CHAIN = make_graph(
    [[], [0], [0], [1]], hours=[2, 3, 5, 7], roles={"role": {0: True, 1: True, 2: False, 3: True}}
)


def gap(states):
    return role_gap(CHAIN, CHAIN.roles["role"], Standing.of(CHAIN, states))


def slugs(topics):
    return [topic.slug for topic in topics]


def test_on_day_one_all_that_is_required_is_missing():
    result = gap({})

    assert (result.missing, result.hours) == (3, 12.0)
    assert slugs(result.subjects[0].missing) == ["t0", "t1", "t3"]
    assert result.subjects[0].hours == 12.0
    assert slugs(result.can_start) == ["t0"]
    assert result.readiness.percent == 0


def test_known_and_skipped_topics_are_not_missing():
    result = gap({1: "done", 3: "skipped"})

    assert (result.missing, result.hours, result.subjects, result.can_start) == (0, 0.0, (), ())
    assert result.readiness.percent == 100


def test_what_is_being_learned_is_missing_and_can_be_started():
    result = gap({0: "done", 1: "learning"})

    assert (result.missing, result.hours) == (2, 10.0)
    assert slugs(result.can_start) == ["t1"]


def test_a_role_that_requires_nothing_has_no_gap():
    graph = make_graph([[]], roles={"role": {}})

    result = role_gap(graph, graph.roles["role"], Standing.of(graph, {}))

    assert (result.missing, result.readiness.percent) == (0, 100)


def test_the_real_roles_begin_with_their_whole_hours(catalog):
    nobody = Standing.of(catalog, {})

    for role in catalog.roles.values():
        result = role_gap(catalog, role, nobody)
        assert result.missing == role.required_count
        assert result.hours == role.required_hours
        assert sum(len(subject.missing) for subject in result.subjects) == result.missing
        assert round(sum(subject.hours for subject in result.subjects), 2) == result.hours
        assert result.can_start


@st.composite
def cases(draw):
    size = draw(st.integers(1, 12))
    needs = [
        draw(st.lists(st.integers(0, index - 1), unique=True, max_size=3)) if index else []
        for index in range(size)
    ]
    role = draw(st.dictionaries(st.integers(0, size - 1), st.booleans()))
    states = draw(st.dictionaries(st.integers(0, size - 1), st.sampled_from(TopicState.values)))
    return make_graph(needs, hours=[index + 1 for index in range(size)], roles={"r": role}), states


@given(cases())
def test_the_gap_is_what_a_plain_search_finds(case):
    graph, states = case
    state = {index: states.get(index, "todo") for index in range(len(graph.topics))}

    def rests_on(later, earlier):
        needs = [need.index for need in graph.topics[later].needs]
        return any(need == earlier or rests_on(need, earlier) for need in needs)

    def is_settled(index):
        return state[index] in {"done", "skipped"} or (
            state[index] == "todo"
            and any(rests_on(later, index) for later, had in state.items() if had == "done")
        )

    missing = [
        entry.index
        for entry in graph.roles["r"].entries
        if entry.is_required and not is_settled(entry.index)
    ]
    result = role_gap(graph, graph.roles["r"], Standing.of(graph, states))

    assert result.missing == len(missing)
    assert result.hours == sum(index + 1 for index in missing)
    assert [t.index for subject in result.subjects for t in subject.missing] == missing
    assert [topic.index for topic in result.can_start] == [
        index
        for index in missing
        if all(is_settled(need.index) for need in graph.topics[index].needs)
    ]


@given(cases(), st.data())
def test_a_tick_never_widens_the_gap_nor_lowers_readiness(case, data):
    graph, states = case
    open_topics = [
        topic.index
        for topic in graph.topics
        if states.get(topic.index) in {None, "todo", "learning"}
    ]
    if not open_topics:
        return
    ticked = states | {data.draw(st.sampled_from(open_topics)): "done"}

    before = role_gap(graph, graph.roles["r"], Standing.of(graph, states))
    after = role_gap(graph, graph.roles["r"], Standing.of(graph, ticked))

    assert after.missing <= before.missing
    assert after.hours <= before.hours
    assert 0 <= before.readiness.percent <= after.readiness.percent <= 100
