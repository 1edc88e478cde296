"""The graph of the real catalog, its cache, and how roles inherit."""

import pytest
from django.db import OperationalError
from django.test import override_settings

from catalog.graph import current, current_graph, forget_graph
from catalog.models import CatalogVersion, Depth, RoleTopic, TopicAlias
from tests.factories import make_resource, make_role, make_topic, make_unit

ROLES = {
    # slug: required topics, recommended topics, required hours
    "machine-learning-engineer": (20, 14, 97.0),
    "data-scientist": (55, 16, 277.8),
    "deep-learning-engineer": (51, 14, 245.6),
    "research-scientist": (88, 18, 665.8),
    "computer-vision-engineer": (54, 21, 262.6),
    "nlp-engineer": (52, 23, 251.6),
    "ml-generalist-from-scratch": (37, 12, 180.0),
}


def test_the_roles_have_the_topics_and_hours_that_the_source_counts(catalog):
    counted = {
        slug: (role.required_count, role.recommended_count, role.required_hours)
        for slug, role in catalog.roles.items()
    }

    assert counted == ROLES


def test_months_of_the_data_scientist_at_ninety_minutes_a_day(catalog):
    # 296.32 hours on average are 197.5 evenings of 1½ hours; the 198th has it done.
    assert catalog.roles["data-scientist"].months == pytest.approx(198 / 30.4)


def test_the_catalog_has_everything_that_the_source_has(catalog):
    assert len(catalog.subjects) == 8
    assert len(catalog.topics) == 110
    assert sum(len(topic.needs) for topic in catalog.topics) == 213
    assert len(catalog.providers) == 27
    assert len(catalog.resources) == 64
    assert sum(len(resource.units) for resource in catalog.resources.values()) == 632
    assert len(catalog.paths) == 9


def test_every_topic_stands_after_all_that_it_needs(catalog):
    for topic in catalog.topics:
        assert catalog.topics[topic.index] is topic
        assert all(need.index < topic.index for need in topic.needs)
        assert topic.needs_mask == sum(1 << need.index for need in topic.needs)


def test_masks_are_the_closures_of_needs_and_unlocks(catalog):
    def closure(index: int, of: str) -> set[int]:
        topic = catalog.topics[index]
        direct = {need.index for need in topic.needs} if of == "needs" else set(topic.unlocks)
        return direct.union(*(closure(one, of) for one in direct))

    for topic in catalog.topics:
        assert {one.index for one in catalog.topics_in(topic.ancestors_mask)} == closure(
            topic.index, "needs"
        )
        assert {one.index for one in catalog.topics_in(topic.descendants_mask)} == closure(
            topic.index, "unlocks"
        )


def test_the_required_topics_of_every_role_are_closed(catalog):
    for role in catalog.roles.values():
        for topic in catalog.topics_in(role.required_mask):
            assert topic.ancestors_mask & ~role.required_mask == 0


def test_every_prerequisite_brings_a_reason_of_its_own(catalog):
    reasons = [need.reason for topic in catalog.topics for need in topic.needs]

    assert all(reasons)
    assert len(set(reasons)) == len(reasons)


def test_no_unverified_address_is_shown(catalog):
    unverified = [one for one in catalog.resources.values() if "url" in one.unverified_fields]

    assert unverified
    assert all(one.url == "" for one in unverified)


def test_nothing_is_asked_while_the_last_look_is_recent(catalog, django_assert_num_queries):
    with override_settings(CATALOG_CHECK_SECONDS=3600):
        current_graph()
        with django_assert_num_queries(0):
            assert current_graph() is catalog


def test_one_query_finds_that_nothing_has_moved(catalog, django_assert_num_queries):
    with override_settings(CATALOG_CHECK_SECONDS=0), django_assert_num_queries(1):
        assert current_graph() is catalog


def test_a_moved_catalog_is_read_again(catalog):
    make_topic("Tropical geometry")
    CatalogVersion.objects.move()

    with override_settings(CATALOG_CHECK_SECONDS=0):
        fresh = current_graph()

    assert fresh.version == catalog.version + 1
    assert "tropical-geometry" in fresh.topic_by_slug


def test_the_graph_costs_a_number_of_queries_that_does_not_depend_on_its_size(
    catalog, django_assert_max_num_queries
):
    forget_graph()
    with django_assert_max_num_queries(30):
        current_graph()


def test_a_role_takes_the_stricter_requirement_and_the_deeper_depth(catalog):
    topic = make_topic(hours="10")
    strict, deep = make_role("Strict"), make_role("Deep")
    heir = make_role("Heir")
    heir.builds_on.set([strict, deep])
    depth_of = {depth.slug: depth for depth in Depth.objects.all()}
    for role, requirement, depth in (
        (strict, "required", "awareness"),
        (deep, "recommended", "deep"),
    ):
        RoleTopic.objects.create(
            role=role, topic=topic, requirement=requirement, depth=depth_of[depth], basis="addition"
        )
    forget_graph()

    found = current_graph().roles["heir"]

    assert found.required_count == 1
    assert found.required_hours == 15.0
    assert found.entries[0].via == "strict"


def test_an_old_slug_leads_to_the_topics_that_took_its_place(catalog):
    vectors, matrices = make_topic("Vectors I"), make_topic("Vectors II")
    TopicAlias.objects.create(slug="old-vectors", topic=vectors, kind="split")
    TopicAlias.objects.create(slug="old-vectors", topic=matrices, kind="split")
    forget_graph()

    found = current_graph().successors("old-vectors")

    assert [topic.slug for topic in found] == ["vectors-i", "vectors-ii"]
    assert current_graph().successors("never-heard-of") == ()


def test_a_retired_topic_is_nowhere_but_among_the_retired(catalog):
    topic = make_topic("Alchemy", is_retired=True)
    unit = make_unit(resource=make_resource("Old book"), topics=[topic])
    forget_graph()

    graph = current_graph()

    assert "alchemy" not in graph.topic_by_slug
    assert graph.retired["alchemy"] == "Alchemy"
    assert graph.retired_by_id[topic.id] == "alchemy"
    assert graph.resources["old-book"].units[0].topics == ()
    assert unit.topics.get() == topic


def test_while_one_looks_whether_the_catalog_has_moved_the_others_go_on(catalog, monkeypatch):
    monkeypatch.setattr(current, "_checked_at", float("-inf"))
    with current._lock:
        assert current_graph() is catalog


def test_who_waits_too_long_for_the_first_look_is_told_that_nothing_answers(catalog, monkeypatch):
    monkeypatch.setattr(current, "PATIENCE_SECONDS", 0.01)
    forget_graph()
    with current._lock, pytest.raises(OperationalError):
        current_graph()
