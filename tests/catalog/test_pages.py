"""The catalog's pages, through the client: what they show, what they refuse, what they cost."""

import re
from html import unescape
from itertools import pairwise

import pytest
from django.test import Client

from catalog.graph import forget_graph
from catalog.models import Advice, Path, Resource, Role, TimeEstimate, Unit
from tests.factories import make_resource, make_role, make_unit

PAGES = [
    "/",
    "/roles/",
    "/roles/data-scientist/",
    "/roles/compare/",
    "/roles/compare/?a=data-scientist&b=deep-learning-engineer",
    "/library/",
    "/library/?kind=book&topic=vectors&q=strang",
    "/library/mml-specialization/",
    "/library/strang-introduction-to-linear-algebra/",
    "/paths/",
    "/paths/stronger-foundation-path/",
    "/search/",
    "/search/?q=matrix",
]


def text_of(client: Client, address: str) -> str:
    """What a reader of the page sees, with runs of space as one."""
    response = client.get(address)
    assert response.status_code == 200
    body = response.content.decode().partition("<main id")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"^[^>]+>|<[^>]+>", " ", body)).split())


def titles_of(client: Client, address: str) -> list[str]:
    """The titles of the resources that the library shows."""
    html = client.get(address).content.decode()
    return [unescape(title) for title in re.findall(r'<h3><a href="/library/[^>]+>([^<]+)', html)]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_has_one_heading_a_title_and_a_description(db, client, address):
    html = client.get(address).content.decode()

    assert html.count("<h1") == 1
    assert re.search(r"<title>[^<]{5,} · mlmath</title>", html)
    assert re.search(r'<meta name="description" content="[^"]{40,}">', html)


@pytest.mark.parametrize("address", PAGES)
def test_headings_leave_no_level_out(db, client, address):
    main = client.get(address).content.decode().partition("<main")[2].partition("</main>")[0]
    levels = [int(level) for level in re.findall(r"<h(\d)", main)]

    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("address", PAGES)
def test_a_page_costs_a_guest_no_query_and_a_person_two(
    client, ada_browser, count_queries, address
):
    with count_queries() as of_a_guest:
        client.get(address)
    with count_queries() as of_ada:
        ada_browser.get(address)

    # The page of a resource also shows what Ada has read and ticked.
    is_about_her = re.fullmatch("/library/[^?]+/", address) is not None
    assert (len(of_a_guest), len(of_ada)) == (0, 4 if is_about_her else 2)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_only_answers_reading(db, client, address):
    assert client.post(address).status_code == 405


@pytest.mark.parametrize(
    "address", ["/roles/nobody/", "/library/nothing/", "/paths/nowhere/", "/roles/x%00/"]
)
def test_an_unknown_slug_is_not_found(db, client, address):
    assert client.get(address).status_code == 404


# --- Landing -------------------------------------------------------------------------------


def test_the_landing_page_counts_the_roles_from_the_catalog(db, client):
    text = text_of(client, "/")

    assert "20 topics · 97 h · 2.3 months at 1½ h a day" in text
    assert "55 topics · 278 h · 6.5 months at 1½ h a day" in text
    assert "51 topics · 246 h · 5.8 months at 1½ h a day" in text
    assert "88 topics · 666 h · 15.6 months at 1½ h a day" in text


def test_the_landing_page_names_the_four_main_roles_first(db, client):
    html = client.get("/").content.decode()

    assert re.findall(r'<h3><a href="/roles/([\w-]+)/', html) == [
        "machine-learning-engineer",
        "data-scientist",
        "deep-learning-engineer",
        "research-scientist",
        "computer-vision-engineer",
        "nlp-engineer",
        "ml-generalist-from-scratch",
    ]


def test_a_bar_tells_its_hours_in_words(db, client):
    html = client.get("/").content.decode()

    assert 'aria-label="Hours by subject: Foundations 22, Linear algebra 80' in html


def test_a_guest_is_sent_to_the_start_and_a_person_to_today(client, ada_browser):
    assert 'href="/start/">Find my starting point' in client.get("/").content.decode()
    assert 'href="/today/">Go to Today' in ada_browser.get("/").content.decode()


def test_the_landing_page_cites_what_the_articles_say_on_time(db, client):
    text = text_of(client, "/")

    assert "Applied roles in 3 to 6 months at 1 to 3 hours a day" in text
    assert "What Math is Required for Machine Learning? : stated in its introduction" in text


# --- Roles ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "required", "hours"),
    [
        ("machine-learning-engineer", 20, "97"),
        ("data-scientist", 55, "277.8"),
        ("deep-learning-engineer", 51, "245.6"),
        ("research-scientist", 88, "665.8"),
    ],
)
def test_a_role_page_shows_its_numbers(db, client, slug, required, hours):
    text = text_of(client, f"/roles/{slug}/")

    assert f"{required} required topics" in text
    assert f"likely {hours}" in text


def test_a_role_page_says_what_is_inherited_and_how_deep(db, client):
    text = text_of(client, "/roles/data-scientist/")

    assert (
        "Vectors and vector arithmetic Working · 3.5 to 7.5 h · from Machine learning engineer"
        in text
    )
    assert "Hypothesis testing Deep · 6.3 to 13.5 h required 9 h" in text


def test_a_role_page_leads_to_its_roadmap_paths_and_topics(db, client):
    html = client.get("/roles/data-scientist/").content.decode()

    assert 'href="/roadmap/data-scientist/"' in html
    assert 'href="/paths/stronger-foundation-path/"' in html
    assert 'href="/topics/vectors/"' in html


def test_only_applied_roles_repeat_the_claim_on_time(db, client):
    assert "3 to 6 months at 1 to 3 hours" in text_of(client, "/roles/data-scientist/")
    research = text_of(client, "/roles/research-scientist/")
    assert "3 to 6 months at 1 to 3 hours" not in research
    assert "Research is excluded" in research


def test_a_role_without_topics_has_a_page(db, client):
    make_role("Quant", slug="quant")
    forget_graph()

    assert "No topics yet" in text_of(client, "/roles/quant/")
    assert "0 topics · 0 h" in text_of(client, "/")


def test_two_roles_are_compared(db, client):
    text = text_of(client, "/roles/compare/?a=data-scientist&b=deep-learning-engineer")

    assert "Required topics 55 51" in text
    assert "Hours, required 277.8 h 245.6 h" in text
    assert "Linear algebra 15 topics, 80.4 h 8 topics, 34.4 h" in text
    assert "Data scientist only 21 topics" in text
    assert "Deep learning engineer only 15 topics" in text
    assert "Linear regression Working Working, recommended" in text


def test_the_comparison_counts_every_topic_once(catalog, client):
    a, b = catalog.roles["data-scientist"], catalog.roles["research-scientist"]

    context = client.get(f"/roles/compare/?a={a.slug}&b={b.slug}").context

    parts = ("only_a", "only_b", "different", "same")
    counts = [len(context[part]) for part in parts]
    assert sum(counts) == (a.topics_mask | b.topics_mask).bit_count()
    assert counts[0] == 0


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "Which two?"),
        ("?a=data-scientist", "Which two?"),
        ("?a=data-scientist&b=data-scientist", "The same role twice"),
        ("?a=wizard&b=data-scientist", "There is no role “wizard”"),
        ("?a=%00&b=%ff", "There is no role"),
    ],
)
def test_an_odd_comparison_says_what_to_do(db, client, query, sentence):
    assert sentence in text_of(client, f"/roles/compare/{query}")


# --- Library -------------------------------------------------------------------------------


def test_the_library_shows_everything(db, client):
    assert len(titles_of(client, "/library/")) == 64


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        ("kind=book", "kind", "book"),
        ("cost=free", "cost", "free"),
        ("exercises=yes", "has_exercises", True),
        ("calculus=none", "calculus_needed", "none"),
        ("level=advanced", "level", "advanced"),
    ],
)
def test_a_filter_keeps_what_it_names(db, client, query, field, value):
    expected = Resource.objects.filter(**{field: value}).values_list("title", flat=True)

    assert titles_of(client, f"/library/?{query}") == list(expected)


def test_the_provider_filter_knows_who_offers_it_and_where_else_it_is(db, client):
    titles = titles_of(client, "/library/?provider=imperial")

    assert "Mathematics for Machine Learning Specialization" in titles


def test_the_topic_filter_keeps_what_teaches_it(catalog, client):
    topic = catalog.topic_by_slug["bayes-theorem"]
    teaching = {unit.resource for unit in catalog.covering[topic.index]}

    titles = titles_of(client, "/library/?topic=bayes-theorem")

    assert set(titles) == {catalog.resources[slug].title for slug in teaching}


def test_filters_add_up_and_the_counts_follow(db, client):
    response = client.get("/library/?kind=book&cost=free")

    kinds = {slug: count for slug, _, count in response.context["kinds"]}
    assert kinds["book"] == len(response.context["cards"]) == 12
    assert response.context["any_kind_count"] == 43
    assert "12 of 64 resources" in text_of(client, "/library/?kind=book&cost=free")


@pytest.mark.parametrize(
    "words", ["strang", "STRANG", "Str%C3%A1ng", "strang linear", "%20strang%20"]
)
def test_the_search_field_looks_at_titles_and_people(db, client, words):
    assert "Introduction to Linear Algebra" in titles_of(client, f"/library/?q={words}")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("kind=sculpture", "There is no kind of resource “sculpture” here."),
        ("provider=%3Cb%3E", "There is no provider “<b>” here."),
        ("cost=cheap", "There is no price “cheap” here."),
        ("exercises=maybe", "There is no choice of exercises “maybe” here."),
        ("calculus=a%00b", "There is no amount of calculus “ab” here."),
        ("level=expert", "There is no level “expert” here."),
        ("topic=alchemy", "There is no topic “alchemy” here."),
    ],
)
def test_an_unknown_filter_is_left_out_and_says_so(db, client, query, sentence):
    assert sentence in text_of(client, f"/library/?{query}")
    assert len(titles_of(client, f"/library/?{query}")) == 64


def test_an_empty_shelf_offers_a_way_out(db, client):
    text = text_of(client, "/library/?q=zzzz")

    assert "0 of 64 resources" in text
    assert "Nothing matches all of these filters" in text
    assert "Clear filters" in text


def test_what_is_in_doubt_is_no_fact_on_the_shelf(db, client):
    text = text_of(client, "/library/")

    assert "Course marketplace price not verified Mathematics courses on Udemy" in text
    assert "existence not verified Stanford doctoral curriculum" in text
    assert "10 chapters · exercises (not verified)" in text


# --- Resources -----------------------------------------------------------------------------


def test_a_resource_lists_its_units_in_order_with_their_topics(db, client):
    response = client.get("/library/strang-introduction-to-linear-algebra/")

    assert [row.unit.label for row in response.context["units"]] == [
        f"Chapter {number}" for number in range(1, 13)
    ]
    html = response.content.decode()
    assert 'id="unit-chapter-06"' in html
    assert 'href="/topics/eigenvalues-and-eigenvectors/"' in html


def test_an_address_opens_in_a_new_tab_and_gives_nothing_away(db, client):
    html = client.get("/library/mit-18-06sc/").content.decode()

    link = re.search(r'<a class="button primary" href="https://ocw[^>]*>', html)
    assert link is not None
    assert 'target="_blank"' in link[0]
    assert "noopener noreferrer" in link[0]


def test_an_unverified_address_is_never_shown(db, client):
    Resource.objects.filter(slug="hammack-book-of-proof").update(url="https://guess.example/")
    Unit.objects.filter(resource__slug="ng-machine-learning", slug="week-02").update(
        url="https://guess.example/2"
    )
    forget_graph()

    for slug in ("hammack-book-of-proof", "ng-machine-learning"):
        assert b"guess.example" not in client.get(f"/library/{slug}/").content


def test_what_nobody_could_check_is_marked(db, client):
    text = text_of(client, "/library/ng-machine-learning/")

    assert "Not verified: the titles of weeks 2 to 11" in text
    assert "11 weeks not verified" in text
    assert "2018 not verified" in text_of(client, "/library/mml-specialization/")


def test_a_whole_and_its_parts_lead_to_each_other(db, client):
    whole, part = (
        client.get(f"/library/{slug}/").content.decode()
        for slug in ("mml-specialization", "mml-linear-algebra")
    )

    assert 'href="/library/mml-linear-algebra/"' in whole
    assert 'href="/library/mml-specialization/"' in part


def test_every_resource_role_and_path_has_its_page(catalog, client):
    addresses = [
        *(f"/library/{slug}/" for slug in catalog.resources),
        *(f"/roles/{slug}/" for slug in catalog.roles),
        *(f"/paths/{slug}/" for slug in catalog.paths),
    ]

    assert [one for one in addresses if client.get(one).status_code != 200] == []


def test_a_retired_resource_and_a_retired_unit_are_gone(db, client):
    Resource.objects.filter(slug="mit-18-06").update(is_retired=True)
    resource = make_resource("Little book", slug="little-book")
    make_unit("Old chapter", resource=resource, is_retired=True)
    forget_graph()

    assert client.get("/library/mit-18-06/").status_code == 404
    assert "Old chapter" not in text_of(client, "/library/little-book/")


# --- Paths, advice, estimates --------------------------------------------------------------


def test_a_path_shows_its_steps_in_order(db, client):
    response = client.get("/paths/stronger-foundation-path/")

    assert [row.step.title for row in response.context["steps"]] == [
        "Refresh school mathematics and set up a notebook",
        "Linear algebra",
        "Differential calculus",
        "Integral calculus",
        "Probability and first statistics",
        "Mathematical statistics and linear models",
    ]


def test_a_path_says_what_to_read_and_how(db, client):
    text = text_of(client, "/paths/stronger-foundation-path/")

    assert (
        "18.06SC Linear Algebra all of it Introduction to Linear Algebra Chapter 1 to Chapter 8"
        in text
    )
    assert "Chapter 1 to Chapter 4 , Chapter 6 , Chapter 9" in text
    assert "Alternative" in text
    assert "Covers it yes, every required topic outside optional steps" in text


def test_a_path_marks_optional_steps_and_those_in_any_order(db, client):
    assert "4 topics, 14 h optional" in text_of(client, "/paths/minimal-path/")
    assert "in any order with the other such steps" in text_of(client, "/paths/from-scratch-path/")


def test_all_advice_and_every_estimate_is_on_the_page_of_paths(db, client):
    text = text_of(client, "/paths/")

    advice = Advice.objects.values_list("text", flat=True)
    estimates = TimeEstimate.objects.values_list("claim", flat=True)
    assert (len(advice), len(estimates)) == (44, 6)
    assert [one for one in [*advice, *estimates] if one not in text] == []


# --- Search --------------------------------------------------------------------------------


def test_the_search_page_leads_to_what_it_found(db, client):
    html = client.get("/search/?q=eigenvlaues").content.decode()

    assert 'href="/topics/eigenvalues-and-eigenvectors/"' in html
    assert 'href="/library/strang-introduction-to-linear-algebra/#unit-chapter-06"' in html
    assert (
        'href="/roles/data-scientist/"' in client.get("/search/?q=data+scientist").content.decode()
    )


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "What are you looking for?"),
        ("q=%00", "What are you looking for?"),
        ("q=zzzz", "Nothing found for “zzzz”"),
        ("q=%3Cbr%3Ezz", "Nothing found for “<br>zz”"),
        ("q=" + "word+" * 50, "only the first 8 words were looked for"),
        ("q=%F0%9F%98%80%ff", "No topic, role, book or chapter matches"),
    ],
)
def test_an_odd_search_gets_a_sentence(db, client, query, sentence):
    assert sentence in text_of(client, f"/search/?{query}")


def test_a_search_that_finds_too_much_says_so(db, client):
    assert "the best 50 are here" in text_of(client, "/search/?q=linear")


# --- Old addresses -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "slug", "old", "new"),
    [
        (Role, "data-scientist", "/roles/old/", "/roles/data-scientist/"),
        (Resource, "mit-18-06", "/library/old/", "/library/mit-18-06/"),
        (Path, "minimal-path", "/paths/old/", "/paths/minimal-path/"),
    ],
)
def test_an_old_address_leads_to_the_new_one(db, client, model, slug, old, new):
    model.objects.filter(slug=slug).update(former_slugs=["old"])
    forget_graph()

    response = client.get(old)

    assert response.status_code == 301
    assert response["Location"] == new


def test_a_comparison_knows_old_names(db, client):
    Role.objects.filter(slug="data-scientist").update(former_slugs=["old"])
    forget_graph()

    assert "Data scientist" in text_of(client, "/roles/compare/?a=old&b=nlp-engineer")
