"""The gap: what a role still asks, alone and beside another."""

import pytest

from catalog.models import Role
from tracker.models import TopicProgress


def tick(user, topics):
    TopicProgress.objects.bulk_create(
        TopicProgress(
            user=user, topic_id=one.id, state="done", source="manual", changed_at=user.joined_at
        )
        for one in topics
    )


def page_of(browser, query=""):
    return browser.get(f"/gap/{query}").content.decode()


def test_without_a_role_it_asks_for_one(ada_browser, catalog):
    assert "Choose a role</h2>" in page_of(ada_browser)


def test_own_role_comes_first(ada, ada_browser, catalog):
    ada.role = Role.objects.get(slug="data-scientist")
    ada.save()

    page = page_of(ada_browser)

    assert '<span class="number">277.8 h</span>' in page
    assert "55 topics missing" in page
    assert "Linear algebra: 15" in page


def test_two_roles_stand_side_by_side(ada_browser, catalog):
    page = page_of(ada_browser, "?role=data-scientist&with=research-scientist")

    assert page.count('<section class="card stack tight" aria-labelledby="gap-') == 2


@pytest.mark.parametrize("other", ["data-scientist", "alchemist", ""])
def test_same_or_unknown_second_role_is_left_out(ada_browser, catalog, other):
    page = page_of(ada_browser, f"?role=data-scientist&with={other}")

    assert page.count('<section class="card stack tight" aria-labelledby="gap-') == 1


def test_nothing_missing_says_so(ada, ada_browser, catalog):
    tick(ada, catalog.topics_in(catalog.roles["data-scientist"].required_mask))

    assert "Nothing is missing" in page_of(ada_browser, "?role=data-scientist")


@pytest.mark.parametrize("ticked", [1, 60])
def test_gap_costs_three_queries(ada, ada_browser, catalog, count_queries, ticked):
    tick(ada, catalog.topics[:ticked])

    with count_queries() as queries:
        ada_browser.get("/gap/?role=data-scientist&with=research-scientist")

    assert len(queries) == 3, queries
