"""The roadmap: its rows, numbers and filters, for people and guests."""

import re

import pytest

from catalog.graph import forget_graph
from catalog.models import Role
from tracker.models import TopicProgress

ROADMAP = "/roadmap/data-scientist/"


@pytest.fixture
def tick(catalog, ada):
    def tick(slug, state="done", **fields):
        topic_id = catalog.topic_by_slug[slug].id
        TopicProgress.objects.create(
            user=ada,
            topic_id=topic_id,
            state=state,
            source="manual",
            changed_at=ada.joined_at,
            **fields,
        )

    return tick


def shown(page):
    """The slugs of the rows that one sees."""
    rows = re.findall(r'<li class="topic-row" id="topic-([\w-]+)"[^>]*>', page)
    hidden = re.findall(r'<li class="topic-row" id="topic-([\w-]+)"[^>]* hidden', page)
    return [slug for slug in rows if slug not in hidden]


def test_roadmap_has_every_topic_of_the_role_by_subject_in_study_order(catalog, ada_browser):
    page = ada_browser.get(ROADMAP).content.decode()

    role = catalog.roles["data-scientist"]
    topics = [catalog.topics[entry.index] for entry in role.entries]
    expected = [
        topic.slug for slug in catalog.subjects for topic in topics if topic.subject.slug == slug
    ]
    assert shown(page) == expected
    assert len(expected) == 71


def test_roadmap_counts_what_is_done_and_what_follows_from_it(ada_browser, tick):
    tick("vectors")

    page = ada_browser.get(ROADMAP).content.decode()

    assert "55 topics, 277.8 h" in page
    assert '<strong class="number">1 done</strong>, 1 implied · 4 % ready' in page
    assert "13 of 277.8 h" in page
    assert 'id="m-vectors" data-state="done"' in page
    assert 'id="m-algebra-and-functions" data-state="implied"' in page


def test_roadmap_marks_what_is_ready_stuck_and_recommended(ada_browser, tick):
    tick("algebra-and-functions", "learning", is_stuck=True)

    page = ada_browser.get(ROADMAP).content.decode()

    assert 'id="m-algebra-and-functions" data-state="learning" data-ready data-stuck' in page
    assert page.count("recommended, not required") == 16


def test_roadmap_ticks_by_plain_buttons_that_name_the_state(ada_browser, tick):
    tick("vectors")

    page = ada_browser.get(ROADMAP).content.decode()

    done, todo = (
        re.search(rf'<button class="tick" id="tick-{slug}"[^>]*>', page)[0]
        for slug in ("vectors", "dot-products-and-norms")
    )
    assert 'formaction="/topics/vectors/mark/" name="state" value="todo"' in done
    assert 'name="state" value="done" data-key="d"' in todo


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("show=ready", {"vectors", "exponentials-and-logarithms"}),
        ("show=learning", {"derivatives"}),
        ("show=done", {"algebra-and-functions"}),
        ("show=todo&subject=calculus&q=integr", {"integrals-and-area"}),
        ("q=svd", {"singular-value-decomposition"}),
        ("q=Zeppelin", set()),
    ],
)
def test_filters_work_without_javascript(ada_browser, tick, query, expected):
    tick("algebra-and-functions")
    tick("derivatives", "learning")

    rows = set(shown(ada_browser.get(f"{ROADMAP}?{query}").content.decode()))

    assert expected <= rows
    assert "show=ready" in query or rows == expected


@pytest.mark.parametrize("query", ["show=everything", "subject=alchemy", "q=%00", "show=&q="])
def test_filters_that_nobody_offers_leave_everything_in(ada_browser, catalog, query):
    page = ada_browser.get(f"{ROADMAP}?{query}").content.decode()

    assert len(shown(page)) == 71


def test_filter_without_a_match_says_so(ada_browser, catalog):
    page = ada_browser.get(ROADMAP + "?q=zeppelin").content.decode()

    assert '<div class="empty" data-filter-empty><h2>Nothing matches</h2>' in page


def test_row_that_a_filter_leaves_out_keeps_its_place(ada_browser, tick):
    tick("vectors")

    page = ada_browser.get(ROADMAP + "?show=done").content.decode()

    assert '<li id="topic-dot-products-and-norms" hidden></li>' in page


def test_filters_combine(ada_browser, catalog):
    page = ada_browser.get(ROADMAP + "?show=ready&subject=calculus").content.decode()

    assert 'href="?show=todo&amp;subject=calculus"' in page
    assert 'href="?show=ready&amp;subject=statistics"' in page
    assert 'href="?show=ready" aria-current="true"' in page


def test_roadmap_of_nothing_is_not_found(ada_browser, catalog):
    assert ada_browser.get("/roadmap/astrologer/").status_code == 404


def test_roadmap_of_a_renamed_role_leads_on(ada_browser, catalog):
    Role.objects.filter(slug="data-scientist").update(former_slugs=["statistician"])
    forget_graph()

    response = ada_browser.get("/roadmap/statistician/")

    assert (response.status_code, response["Location"]) == (301, ROADMAP)


def test_my_roadmap_is_that_of_my_role(ada, ada_browser, catalog):
    assert ada_browser.get("/roadmap/")["Location"] == "/roles/"
    ada.role_id = catalog.roles["nlp-engineer"].id
    ada.save()

    assert ada_browser.get("/roadmap/")["Location"] == "/roadmap/nlp-engineer/"


def test_my_roadmap_of_a_guest_is_the_list_of_roles(client, catalog):
    assert client.get("/roadmap/")["Location"] == "/roles/"


def test_row_says_the_hours_at_the_depth_of_the_role(client, catalog):
    rows = {}
    for slug in ("machine-learning-engineer", "research-scientist"):
        page = client.get(f"/roadmap/{slug}/").content.decode()
        rows[slug] = page.split('id="topic-vectors"')[1].split('row-facts">')[1].split("</p>")[0]

    for slug, row in rows.items():
        entry = catalog.roles[slug].entry_by_index[catalog.topic_by_slug["vectors"].index]
        hours = f"{entry.hours.likely:g}"
        assert f"{hours} h</span> · {entry.depth.title.lower()}" in row


@pytest.mark.parametrize("ticked", [1, 50])
def test_roadmap_costs_four_queries(ada_browser, catalog, tick, count_queries, ticked):
    for topic in catalog.topics[:ticked]:
        tick(topic.slug)

    with count_queries() as queries:
        ada_browser.get(ROADMAP)

    assert len(queries) == 4, queries
