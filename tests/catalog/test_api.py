"""The catalog's REST doors: exact answers, filters, pages, old slugs, caching."""

import pytest
from django.test import Client

from catalog.api import base
from catalog.graph import current_graph, forget_graph
from catalog.models import CatalogVersion, Resource, Role, Topic, TopicAlias
from mlmath.rest.prepared import prepare
from tests.factories import make_resource, make_role, make_subject, make_topic, make_unit

pytestmark = pytest.mark.django_db


def get(path, **headers):
    return Client().get(f"/api/v1{path}", headers=headers)


def slugs(response):
    return [item["slug"] for item in response.json()["results"]]


def problem(response):
    assert response["Content-Type"] == "application/problem+json"
    return response.json()


@pytest.fixture
def small():
    """Three topics of an own subject in a row, a role that needs them, a book with two chapters."""
    subject = make_subject("Knots", slug="knots", summary="Loops in space.")
    loops = make_topic("Loops", slug="loops", subject=subject, hours="3.5", summary="Closed.")
    crossings = make_topic("Crossings", slug="crossings", subject=subject, requires=[loops])
    invariants = make_topic(
        "Invariants", slug="invariants", subject=subject, requires=[loops, crossings]
    )
    role = make_role("Knot theorist", slug="knotter", required=[loops, crossings, invariants])
    book = make_resource(
        "The Knot Book", slug="knot-book", authors=["C. Adams"], year=2004, cost="paid"
    )
    make_unit("Tying", slug="one", number=1, label="Chapter 1", resource=book, topics=[loops])
    make_unit(
        "Telling apart",
        slug="two",
        number=2,
        label="Chapter 2",
        resource=book,
        topics=[loops, invariants],
        minutes=90,
        url="https://knots.example/2",
    )
    CatalogVersion.objects.move()
    forget_graph()
    return {"subject": subject, "loops": loops, "role": role, "book": book}


def test_the_subjects_stand_in_study_order_with_their_topic_counts():
    answer = get("/subjects/").json()

    assert answer["count"] == 8
    assert [(one["slug"], one["topic_count"]) for one in answer["results"]][:2] == [
        ("foundations", 6),
        ("linear-algebra", 20),
    ]
    assert set(answer["results"][0]) == {"slug", "title", "summary", "topic_count", "citations"}


def test_one_subject(small):
    assert get("/subjects/knots/").json() == {
        "slug": "knots",
        "title": "Knots",
        "summary": "Loops in space.",
        "topic_count": 3,
        "citations": [],
    }


def test_the_list_of_topics_says_what_each_rests_on_and_unlocks(small):
    answer = get("/topics/?subject=knots").json()

    assert answer["count"] == 3
    assert answer["next"] is None
    assert answer["previous"] is None
    assert answer["results"][0] == {
        "slug": "loops",
        "title": "Loops",
        "summary": "Closed.",
        "subject": "knots",
        "hours": {"low": 2.5, "likely": 3.5, "high": 5.2},
        "prerequisites": [],
        "unlocks": ["crossings", "invariants"],
    }
    assert answer["results"][1]["prerequisites"] == [
        {"slug": "loops", "reason": "crossings rests on loops."}
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("role=knotter", ["loops", "crossings", "invariants"]),
        ("resource=knot-book", ["loops", "invariants"]),
        ("subject=knots&search=crosings", ["crossings"]),
        ("subject=knots&ordering=title", ["crossings", "invariants", "loops"]),
        ("subject=knots&ordering=-title", ["loops", "invariants", "crossings"]),
        ("subject=knots&ordering=hours", ["loops", "crossings", "invariants"]),
        ("subject=knots&resource=knot-book&search=loop", ["loops"]),
        ("subject=knots&role=data-scientist", []),
    ],
)
def test_topics_are_filtered_and_sorted(small, query, found):
    assert slugs(get(f"/topics/?{query}")) == found


def test_one_topic_has_its_text_its_roles_and_the_units_that_cover_it(small):
    Topic.objects.filter(slug="loops").update(
        body_html="<p>B</p>", exercise_html="<p>E</p>", answer_html="<p>A</p>", also_called=["knot"]
    )
    forget_graph()

    assert get("/topics/loops/").json() == {
        "slug": "loops",
        "title": "Loops",
        "summary": "Closed.",
        "subject": "knots",
        "hours": {"low": 2.5, "likely": 3.5, "high": 5.2},
        "prerequisites": [],
        "unlocks": ["crossings", "invariants"],
        "also_called": ["knot"],
        "body_html": "<p>B</p>",
        "exercise_html": "<p>E</p>",
        "answer_html": "<p>A</p>",
        "roles": [{"slug": "knotter", "depth": "working", "requirement": "required"}],
        "resources": [
            {
                "slug": "knot-book",
                "title": "The Knot Book",
                "units": [
                    {"slug": "one", "label": "Chapter 1", "title": "Tying"},
                    {"slug": "two", "label": "Chapter 2", "title": "Telling apart"},
                ],
            }
        ],
        "citations": [],
    }


def test_an_old_slug_leads_to_the_new_one(small):
    TopicAlias.objects.create(slug="rings", topic=small["loops"], kind="renamed")
    Role.objects.filter(slug="knotter").update(former_slugs=["tier"])
    Resource.objects.filter(slug="knot-book").update(former_slugs=["the-book"])
    forget_graph()

    for old, new in {
        "/topics/rings/": "/api/v1/topics/loops/",
        "/roles/tier/": "/api/v1/roles/knotter/",
        "/roles/tier/graph/": "/api/v1/roles/knotter/graph/",
        "/resources/the-book/": "/api/v1/resources/knot-book/",
        "/resources/the-book/units/?page_size=1": "/api/v1/resources/knot-book/units/?page_size=1",
    }.items():
        response = get(old)
        assert (response.status_code, response["Location"]) == (301, new)
        assert response.content == b""
        assert not response.has_header("Content-Type")
    assert slugs(get("/topics/?role=tier&resource=the-book")) == ["loops", "invariants"]


def test_a_split_topic_leads_to_its_first_part(small):
    for slug in ("crossings", "invariants"):
        TopicAlias.objects.create(slug="both", topic=Topic.objects.get(slug=slug), kind="split")
    forget_graph()

    assert get("/topics/both/")["Location"] == "/api/v1/topics/crossings/"


@pytest.mark.parametrize(
    "path",
    ["/subjects/x/", "/topics/x/", "/roles/x/", "/roles/x/graph/", "/resources/x/",
     "/resources/x/units/", "/paths/x/", "/topics/?page=4", "/x/", "/topics/ü/"],
)  # fmt: skip
def test_what_is_unknown_is_a_404(path):
    response = get(path)

    assert response.status_code == 404
    assert problem(response)["type"] == "/problems/not-found/"


def test_a_retired_topic_is_a_404(small):
    make_topic("Braids", slug="braids", is_retired=True)
    forget_graph()

    assert get("/topics/braids/").status_code == 404


def test_one_role_lists_what_it_needs_and_what_is_inherited():
    role = get("/roles/data-scientist/").json()

    assert role["builds_on"] == ["machine-learning-engineer"]
    assert role["required_count"] == 55
    assert role["hours"] == {"low": 194.5, "likely": 277.8, "high": 416.7}
    assert len(role["topics"]) == role["required_count"] + role["recommended_count"]
    assert role["topics"][0] == {
        "slug": "algebra-and-functions",
        "depth": "working",
        "requirement": "required",
        "via": "machine-learning-engineer",
        "hours": {"low": 5.6, "likely": 8.0, "high": 12.0},
    }
    assert {topic["via"] for topic in role["topics"]} == {None, "machine-learning-engineer"}


def test_the_roles_of_the_article_require_20_55_51_and_88_topics():
    roles = get("/roles/").json()["results"]

    assert [(role["required_count"], role["hours"]["likely"]) for role in roles[:4]] == [
        (20, 97.0),
        (55, 277.8),
        (51, 245.6),
        (88, 665.8),
    ]


def test_the_graph_of_a_role_leaves_out_edges_that_follow_from_others(small):
    answer = get("/roles/knotter/graph/").json()

    assert answer["role"] == "knotter"
    assert answer["nodes"][0] == {
        "slug": "loops",
        "title": "Loops",
        "subject": "knots",
        "depth": "working",
        "requirement": "required",
        "hours": {"low": 2.5, "likely": 3.5, "high": 5.2},
    }
    # That invariants rest on loops follows from the two edges that are left.
    assert answer["edges"] == [
        {"from": "loops", "to": "crossings"},
        {"from": "crossings", "to": "invariants"},
    ]


def test_the_graph_keeps_what_rests_on_what_and_nothing_twice(catalog):
    role = catalog.roles["research-scientist"]
    below = {entry.index: 0 for entry in role.entries}

    edges = get("/roles/research-scientist/graph/").json()["edges"]
    position = {topic.slug: topic.index for topic in catalog.topics}
    for edge in sorted(edges, key=lambda edge: position[edge["to"]]):
        earlier, later = position[edge["from"]], position[edge["to"]]
        assert not below[later] >> earlier & 1, "an edge that follows from others"
        below[later] |= 1 << earlier | below[earlier]

    for index, reached in below.items():
        assert reached == catalog.topics[index].ancestors_mask & role.topics_mask
    assert len(edges) == len({tuple(edge.values()) for edge in edges})


def test_one_resource(small):
    assert get("/resources/knot-book/").json() == {
        "slug": "knot-book",
        "title": "The Knot Book",
        "authors": ["C. Adams"],
        "kind": "book",
        "provider": {
            "slug": small["book"].provider.slug,
            "name": small["book"].provider.name,
            "kind": "publisher",
            "url": None,
        },
        "offered_by": None,
        "also_at": [],
        "part_of": None,
        "parts": [],
        "year": 2004,
        "edition": "",
        "url": None,
        "cost": "paid",
        "cost_note": "",
        "has_exercises": True,
        "standalone": True,
        "standalone_note": "",
        "calculus_needed": "none",
        "level": "introductory",
        "hours": None,
        "unit_kind": "",
        "unit_count": 2,
        "topics": ["loops", "invariants"],
        "note": "",
        "unverified": None,
        "citations": [],
    }


def test_what_nobody_checked_is_said_and_its_address_is_not_shown():
    resource = get("/resources/jhu-advanced-statistics/").json()

    assert resource["url"] is None
    assert resource["unverified"]["fields"] == ["units", "url"]


def test_the_units_of_a_resource_in_order(small):
    assert get("/resources/knot-book/units/").json() == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [
            {
                "slug": "one",
                "number": 1,
                "label": "Chapter 1",
                "title": "Tying",
                "minutes": None,
                "url": None,
                "topics": ["loops"],
                "note": "",
                "verified": True,
            },
            {
                "slug": "two",
                "number": 2,
                "label": "Chapter 2",
                "title": "Telling apart",
                "minutes": 90,
                "url": "https://knots.example/2",
                "topics": ["loops", "invariants"],
                "note": "",
                "verified": True,
            },
        ],
    }


@pytest.mark.parametrize(
    ("query", "is_kept"),
    [
        ("kind=book", lambda one: one["kind"] == "book"),
        ("cost=free", lambda one: one["cost"] == "free"),
        ("has_exercises=false", lambda one: one["has_exercises"] is False),
        ("has_exercises=true", lambda one: one["has_exercises"] is True),
        ("calculus_needed=none", lambda one: one["calculus_needed"] == "none"),
        ("topic=vectors", lambda one: "vectors" in one["topics"]),
        (
            "provider=stanford&kind=notes",
            lambda one: one["provider"]["slug"] == "stanford" and one["kind"] == "notes",
        ),
    ],
)
def test_resources_are_filtered(query, is_kept):
    everything = get("/resources/?page_size=200").json()["results"]

    found = get(f"/resources/?page_size=200&{query}").json()["results"]

    assert found == [one for one in everything if is_kept(one)]
    assert 0 < len(found) < len(everything)


def test_resources_are_searched_and_sorted():
    assert slugs(get("/resources/?search=strang+introduction"))[0] == (
        "strang-introduction-to-linear-algebra"
    )
    titles = [one["title"] for one in get("/resources/?ordering=-title").json()["results"]]
    assert titles == sorted(titles, key=str.casefold, reverse=True)


def test_a_path_has_ordered_steps():
    path = get("/paths/minimal-path/").json()

    assert path["role"] == "machine-learning-engineer"
    assert path["hours"] == 111.0
    assert [step["position"] for step in path["steps"]] == [1, 2, 3, 4, 5]
    assert path["steps"][1]["resources"][0] == {
        "slug": "mml-linear-algebra",
        "use": "main",
        "units": ["week-01", "week-02", "week-03"],
    }
    assert path["steps"][4]["optional"] is True
    assert slugs(get("/paths/"))[0] == "minimal-path"


def test_search_ranks_topics_roles_resources_and_units_in_one_list(small):
    answer = get("/search/?q=knot").json()

    assert [(hit["kind"], hit["slug"], hit["resource"]) for hit in answer["results"]][:2] == [
        ("role", "knotter", None),
        ("resource", "knot-book", None),
    ]
    assert get("/search/?q=loops").json()["results"][0] == {
        "kind": "topic",
        "slug": "loops",
        "title": "Loops",
        "detail": "Closed.",
        "subject": "knots",
        "resource": None,
    }
    assert ("unit", "knot-book") in {
        (hit["kind"], hit["resource"]) for hit in get("/search/?q=tying").json()["results"]
    }
    assert get("/search/?q=zzzzzz").json()["results"] == []


def test_a_list_comes_in_pages_whose_addresses_are_absolute():
    first = get("/topics/?role=data-scientist&page_size=30").json()
    second = get(first["next"].removeprefix("http://testserver/api/v1")).json()

    assert first["previous"] is None
    assert first["next"] == (
        "http://testserver/api/v1/topics/?role=data-scientist&page_size=30&page=2"
    )
    assert second["previous"] == (
        "http://testserver/api/v1/topics/?role=data-scientist&page_size=30&page=1"
    )
    assert (first["count"], len(first["results"]), len(second["results"])) == (71, 30, 30)


def test_fifty_are_on_a_page_unless_asked_otherwise():
    assert len(get("/topics/").json()["results"]) == 50
    assert len(get("/topics/?page_size=200").json()["results"]) == 110


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("/topics/?colour=red", "/colour", "unknown_parameter"),
        ("/topics/loops/?x=1", "/x", "unknown_parameter"),
        ("/topics/?page=0", "/page", "invalid"),
        ("/topics/?page=-1", "/page", "invalid"),
        ("/topics/?page=two", "/page", "invalid"),
        ("/topics/?page=²", "/page", "invalid"),
        ("/topics/?page=9999999999999999999999", "/page", "invalid"),
        ("/topics/?page=1&page=2", "/page", "repeated"),
        ("/topics/?page_size=201", "/page_size", "invalid"),
        ("/topics/?page_size=0", "/page_size", "invalid"),
        ("/topics/?ordering=subject", "/ordering", "invalid"),
        ("/topics/?subject=x", "/subject", "unknown"),
        ("/topics/?role=x", "/role", "unknown"),
        ("/topics/?resource=x", "/resource", "unknown"),
        ("/topics/?search=", "/search", "invalid"),
        ("/topics/?search=%00", "/search", "invalid"),
        ("/resources/?cost=cheap", "/cost", "invalid"),
        ("/resources/?has_exercises=yes", "/has_exercises", "invalid"),
        ("/resources/?calculus_needed=some", "/calculus_needed", "invalid"),
        ("/resources/?kind=x", "/kind", "unknown"),
        ("/resources/?provider=x", "/provider", "unknown"),
        ("/resources/?topic=x", "/topic", "unknown"),
        ("/search/", "/q", "required"),
        ("/search/?q=", "/q", "invalid"),
        ("/search/?q=" + "a" * 201, "/q", "invalid"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(query, pointer, code):
    response = get(query)

    assert response.status_code == 400
    error = problem(response)["errors"][0]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert pointer.removeprefix("/") in problem(response)["detail"]


def test_every_parameter_that_does_not_fit_is_named():
    errors = get("/topics/?page=0&colour=red").json()["errors"]

    assert {error["pointer"] for error in errors} == {"/page", "/colour"}


PUBLIC = [
    "/", "/subjects/", "/subjects/calculus/", "/topics/", "/topics/vectors/", "/roles/",
    "/roles/data-scientist/", "/roles/data-scientist/graph/", "/resources/",
    "/resources/mml-linear-algebra/", "/resources/mml-linear-algebra/units/", "/paths/",
    "/paths/minimal-path/", "/search/?q=svd", "/schema/",
]  # fmt: skip


@pytest.mark.parametrize("path", PUBLIC)
def test_whoever_has_an_answer_already_gets_a_304(path):
    response = get(path)
    etag = response["ETag"]

    assert response["Cache-Control"] == "public, max-age=60, must-revalidate"
    assert etag.startswith('"')
    for tag in (etag, "*", f"W/{etag}", f'"other", {etag}'):
        again = get(path, if_none_match=tag)
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == etag
        assert again["Cache-Control"] == response["Cache-Control"]
        assert again["Vary"] == response["Vary"] == "Accept, Authorization"
        assert "default-src 'none'" in again["Content-Security-Policy"]
    assert get(path, if_none_match='"other"').status_code == 200


@pytest.mark.parametrize("path", PUBLIC)
def test_the_catalog_is_the_same_for_everyone_and_costs_no_query(path, ada_browser, count_queries):
    anonymous = get(path)

    with count_queries() as queries:
        answers = [get(path), ada_browser.get(f"/api/v1{path}")]

    assert queries == []
    for answer in answers:
        assert answer.content == anonymous.content
        assert not answer.cookies


def test_an_edit_of_the_catalog_changes_the_answer_and_its_etag(small):
    before = get("/topics/loops/")
    Topic.objects.filter(slug="loops").update(title="Closed loops")
    CatalogVersion.objects.move()
    forget_graph()

    after = get("/topics/loops/", if_none_match=before["ETag"])

    assert after.status_code == 200
    assert after.json()["title"] == "Closed loops"


def test_ready_answers_do_not_pile_up(monkeypatch):
    monkeypatch.setattr(base, "MAXIMUM_PREPARED", 3)
    answers = base._PreparedAnswers()
    graph = current_graph()
    for number in range(5):
        answers.put(graph, number, prepare({"number": number}))

    assert [number for number in range(5) if answers.get(graph, number)] == [2, 3, 4]


def test_head_is_get_without_a_body():
    response = Client().head("/api/v1/topics/")

    assert (response.status_code, response.content) == (200, b"")
    assert response["ETag"] == get("/topics/")["ETag"]


def test_the_index_leads_to_every_collection():
    index = get("/").json()

    codes = {
        name: get(address.partition("/api/v1")[2]).status_code for name, address in index.items()
    }

    assert codes == {
        "subjects": 200,
        "topics": 200,
        "roles": 200,
        "resources": 200,
        "paths": 200,
        "search": 400,
        "me": 401,
        "my_topics": 401,
        "my_units": 401,
        "my_plan": 401,
        "my_gap": 401,
        "my_sessions": 401,
        "my_timer": 401,
        "my_activity": 401,
        "my_streak": 401,
        "my_reviews": 401,
        "my_notes": 401,
        "my_notices": 401,
        "my_assignments": 401,
        "my_export": 401,
        "my_feeds": 401,
        "my_tokens": 401,
        "groups": 401,
        "schema": 200,
        "docs": 200,
    }
