"""My topics over REST."""

from datetime import UTC, datetime

import pytest

from catalog.graph import current_graph, forget_graph
from catalog.models import Role, Topic, TopicAlias
from tests.factories import make_subject, make_topic
from tracker.actions.people import update_profile
from tracker.actions.progress import Mark, mark_topics
from tracker.models import Activity, Source, TopicProgress, TopicState

pytestmark = pytest.mark.django_db
JSON = "application/json"
TOPICS = "/api/v1/me/topics/"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def put(client, slug, body):
    return client.put(f"{TOPICS}{slug}/", body, content_type=JSON)


def patch(client, topics):
    return client.patch(TOPICS, {"topics": topics}, content_type=JSON)


def state_of(user, slug):
    row = TopicProgress.objects.filter(user=user, topic__slug=slug).first()
    return row.state if row else "no row"


@pytest.fixture
def data_scientist(ada):
    return update_profile(user=ada, role=Role.objects.get(slug="data-scientist"))


def mark(user, slug, state, at=AT, **flags):
    topic = current_graph().topic_by_slug[slug]
    mark_topics(
        user=user, marks=[Mark(topic=topic, state=state, **flags)], source=Source.MANUAL, at=at
    )


def test_the_list_has_every_topic_of_my_role_in_study_order(data_scientist, ada_api, catalog):
    answer = ada_api.get(f"{TOPICS}?page_size=200").json()

    role = catalog.roles["data-scientist"]
    assert [one["slug"] for one in answer["results"]] == [
        catalog.topics[entry.index].slug for entry in role.entries
    ]
    assert answer["results"][0] == {
        "slug": "algebra-and-functions",
        "state": "todo",
        "stuck": False,
        "source": None,
        "updated_at": None,
        "ready": True,
        "implied": False,
    }


def test_without_a_role_and_on_request_the_list_has_all_topics(ada, ada_api, catalog):
    assert ada_api.get(TOPICS).json()["count"] == 110
    update_profile(user=ada, role=Role.objects.get(slug="data-scientist"))
    assert ada_api.get(TOPICS).json()["count"] == 71
    assert ada_api.get(f"{TOPICS}?all=true").json()["count"] == 110
    assert ada_api.get(f"{TOPICS}?all=false").json()["count"] == 71


def test_the_list_is_filtered_and_sorted(ada, ada_api):
    mark(ada, "vectors", TopicState.LEARNING, is_stuck=True)
    mark(ada, "matrices-and-matrix-arithmetic", TopicState.DONE, at=AT.replace(day=2))

    def found(query):
        return [one["slug"] for one in ada_api.get(f"{TOPICS}?{query}").json()["results"]]

    assert found("state=learning") == ["vectors"]
    assert found("state=done") == ["matrices-and-matrix-arithmetic"]
    assert "vectors" in found("ready=true")
    assert "vectors" not in found("ready=false")
    assert found("subject=linear-algebra&state=learning") == ["vectors"]
    assert found("subject=calculus&state=learning") == []
    assert found("ordering=updated_at")[:2] == ["vectors", "matrices-and-matrix-arithmetic"]
    assert found("ordering=-updated_at")[:2] == ["matrices-and-matrix-arithmetic", "vectors"]
    assert ada_api.get(f"{TOPICS}?state=learning").json()["results"] == [
        {
            "slug": "vectors",
            "state": "learning",
            "stuck": True,
            "source": "manual",
            "updated_at": "2026-03-01T12:00:00Z",
            "ready": True,
            "implied": False,
        }
    ]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("state=finished", "/state"),
        ("ready=1", "/ready"),
        ("all=yes", "/all"),
        ("subject=alchemy", "/subject"),
        ("ordering=slug", "/ordering"),
        ("page_size=201", "/page_size"),
        ("role=data-scientist", "/role"),
    ],
)
def test_a_filter_that_does_not_fit_is_named(ada_api, query, pointer):
    response = ada_api.get(f"{TOPICS}?{query}")

    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_put_answers_the_topic_and_where_that_leaves_me(data_scientist, ada_api):
    response = put(ada_api, "algebra-and-functions", {"state": "done"})

    assert response.status_code == 200
    answer = response.json()
    assert answer.pop("updated_at").endswith("Z")
    assert answer == {
        "slug": "algebra-and-functions",
        "state": "done",
        "stuck": False,
        "source": "api",
        "ready": False,
        "implied": False,
        "progress": {
            "role": "data-scientist",
            "counters": {
                "done": 1,
                "implied": 0,
                "learning": 0,
                "stuck": 0,
                "ready": answer["progress"]["counters"]["ready"],
                "skipped": 0,
                "total": 55,
                "recommended_done": 0,
                "recommended_total": 16,
            },
            "readiness": {"percent": 2, "known_hours": 8.0, "total_hours": 277.8},
        },
    }


def test_without_a_role_there_is_no_progress(ada_api):
    assert put(ada_api, "vectors", {"state": "done"}).json()["progress"] is None


def test_put_is_idempotent(ada, ada_api):
    first = put(ada_api, "vectors", {"state": "learning", "stuck": True})
    second = put(ada_api, "vectors", {"state": "learning", "stuck": True})

    assert first.json() == second.json()
    assert first.json()["stuck"] is True
    assert Activity.objects.filter(user=ada).count() == 1


def test_put_keeps_the_stuck_flag_that_it_does_not_name(ada_api):
    put(ada_api, "vectors", {"state": "learning", "stuck": True})

    assert put(ada_api, "vectors", {"state": "learning"}).json()["stuck"] is True
    assert put(ada_api, "vectors", {"state": "learning", "stuck": False}).json()["stuck"] is False


def test_put_with_prerequisites_ticks_what_the_topic_rests_on(ada, ada_api, catalog):
    topic = catalog.topic_by_slug["determinants"]

    put(ada_api, "determinants", {"state": "done", "with_prerequisites": True})

    assert TopicProgress.objects.filter(user=ada, state="done").count() == (
        topic.ancestors_mask.bit_count() + 1
    )


def test_put_resolves_an_old_slug(ada, ada_api):
    TopicAlias.objects.create(
        slug="arrows", topic=Topic.objects.get(slug="vectors"), kind="renamed"
    )
    forget_graph()

    assert put(ada_api, "arrows", {"state": "done"}).json()["slug"] == "vectors"
    assert state_of(ada, "vectors") == "done"


def test_put_on_a_split_topic_marks_all_its_parts(ada, ada_api):
    for slug in ("vectors", "derivatives"):
        TopicAlias.objects.create(slug="both", topic=Topic.objects.get(slug=slug), kind="split")
    forget_graph()

    assert put(ada_api, "both", {"state": "done"}).json()["slug"] == "vectors"
    assert (state_of(ada, "vectors"), state_of(ada, "derivatives")) == ("done", "done")


def test_a_retired_topic_is_a_conflict(ada, ada_api):
    make_topic("Slide rules", slug="slide-rules", subject=make_subject(), is_retired=True)
    forget_graph()

    response = put(ada_api, "slide-rules", {"state": "done"})

    assert response.status_code == 409
    assert response.json() == {
        "type": "/problems/conflict/",
        "title": "The rules say no",
        "status": 409,
        "code": "topic_retired",
        "detail": response.json()["detail"],
        "instance": "/api/v1/me/topics/slide-rules/",
    }
    assert "Slide rules" in response.json()["detail"]
    assert state_of(ada, "slide-rules") == "no row"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/state", "required"),
        ({"state": "finished"}, "/state", "invalid_choice"),
        ({"state": None}, "/state", "null"),
        ({"state": 1}, "/state", "invalid_choice"),
        ({"state": ["done"]}, "/state", "invalid_choice"),
        ({"state": "done", "stuck": 1}, "/stuck", "invalid"),
        ({"state": "done", "stuck": None}, "/stuck", "null"),
        ({"state": "done", "with_prerequisites": "yes"}, "/with_prerequisites", "invalid"),
        ({"state": "done", "source": "manual"}, "/source", "unknown_field"),
    ],
)
def test_put_points_to_what_does_not_fit(ada, ada_api, body, pointer, code):
    response = put(ada_api, "vectors", body)

    assert response.status_code == 400
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        (pointer, code)
    ]
    assert state_of(ada, "vectors") == "no row"


def test_put_on_an_unknown_topic_is_a_404(ada_api):
    assert put(ada_api, "x", {"state": "done"}).status_code == 404


def test_patch_marks_many_and_answers_them_in_the_given_order(data_scientist, ada_api):
    response = patch(
        ada_api,
        [{"slug": "vectors", "state": "done"}, {"slug": "derivatives", "state": "learning"}],
    )

    assert response.status_code == 200
    assert [(one["slug"], one["state"]) for one in response.json()["topics"]] == [
        ("vectors", "done"),
        ("derivatives", "learning"),
    ]
    assert response.json()["progress"]["counters"]["done"] == 1
    assert Activity.objects.values("batch").distinct().count() == 1


def test_patch_is_all_or_nothing_and_points_to_every_fault(ada, ada_api):
    make_topic("Slide rules", slug="slide-rules", subject=make_subject(), is_retired=True)
    forget_graph()

    response = patch(
        ada_api,
        [
            {"slug": "vectors", "state": "done"},
            {"slug": "nonsense", "state": "done"},
            {"slug": "slide-rules", "state": "done"},
            {"slug": "vectors", "state": "todo"},
        ],
    )

    assert response.status_code == 400
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        ("/topics/1/slug", "unknown_topic"),
        ("/topics/2/slug", "topic_retired"),
        ("/topics/3/slug", "repeated"),
    ]
    assert state_of(ada, "vectors") == "no row"


@pytest.mark.parametrize(
    ("topics", "pointer", "code"),
    [
        ("vectors", "/topics", "not_a_list"),
        (["vectors"], "/topics/0", "invalid"),
        ([{"slug": "vectors"}], "/topics/0/state", "required"),
        ([{"slug": "vectors", "state": "x"}], "/topics/0/state", "invalid_choice"),
        ([{"slug": 1, "state": "done"}], "/topics/0/slug", "invalid"),
        ([{"slug": "vectors", "state": "done", "x": 1}], "/topics/0/x", "unknown_field"),
        ([{"slug": "vectors", "state": "done"}] * 201, "/topics", "max_length"),
    ],
)
def test_patch_points_to_what_does_not_fit(ada, ada_api, topics, pointer, code):
    response = patch(ada_api, topics)

    assert response.status_code == 400
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        (pointer, code)
    ]
    assert state_of(ada, "vectors") == "no row"


def test_patch_takes_every_topic_of_the_catalog_and_none(ada, ada_api, catalog):
    everything = [{"slug": topic.slug, "state": "done"} for topic in catalog.topics]

    assert patch(ada_api, everything).status_code == 200
    assert patch(ada_api, []).json() == {"topics": [], "progress": None}
    assert TopicProgress.objects.filter(user=ada).count() == 110


@pytest.mark.parametrize("ticks", [1, 50])
def test_what_a_call_costs_does_not_grow_with_the_ticks(
    data_scientist, ada_api, catalog, count_queries, ticks
):
    patch(ada_api, [{"slug": t.slug, "state": "done"} for t in catalog.topics[:ticks]])

    with count_queries() as reading:
        ada_api.get(TOPICS)
    with count_queries() as writing:
        put(ada_api, catalog.topics[60].slug, {"state": "done"})

    assert len(reading) == 3
    assert len(writing) <= 7
