"""Search finds what people mean, and finds it in the right order."""

import pytest

from catalog.graph import forget_graph
from catalog.graph.current import current_graph
from catalog.models import Topic
from catalog.search import LONGEST_QUERY, MOST_WORDS, Hit, fold, query_words, search
from tests.factories import make_resource, make_topic, make_unit


def found(graph, query: str) -> list[tuple[str, str]]:
    return [(hit.kind, hit.slug) for hit in search(graph, query, limit=None)]


def first(graph, query: str) -> str:
    return found(graph, query)[0][1]


def with_other_names(slug: str, *names: str):
    """The graph once the topic is called so as well."""
    Topic.objects.filter(slug=slug).update(also_called=list(names))
    forget_graph()
    return current_graph()


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("Gradient descent", "gradient-descent"),
        ("bayes theorem", "bayes-theorem"),
        ("Bayes’ theorem", "bayes-theorem"),
        ("eigenvectors eigenvalues", "eigenvalues-and-eigenvectors"),
        ("data scientist", "data-scientist"),
    ],
)
def test_an_exact_title_comes_first(catalog, query, slug):
    assert first(catalog, query) == slug


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("eigenv", "eigenvalues-and-eigenvectors"),
        ("matrix mult", "matrix-multiplication"),
        ("lagr", "lagrange-multipliers"),
    ],
)
def test_a_word_may_be_cut_short(catalog, query, slug):
    assert first(catalog, query) == slug


@pytest.mark.parametrize(
    "query", ["determinamts", "determinnants", "determinats", "detemrinants", "Détérminants"]
)
def test_one_wrong_letter_or_any_accent_is_forgiven(catalog, query):
    assert first(catalog, query) == "determinants"


def test_a_letter_is_not_forgiven_in_a_short_word(catalog):
    assert found(catalog, "xyz") == []


def test_two_wrong_letters_find_nothing(catalog):
    assert ("topic", "determinants") not in found(catalog, "detxrminxnts")


def test_a_title_of_two_words_is_found_with_a_typing_error_in_one(catalog):
    assert first(catalog, "gradiant descent") == "gradient-descent"


@pytest.mark.parametrize("query", ["svd", "SVD", "bell curve", "bell curv", "bel curve"])
def test_another_name_finds_its_topic_first(db, query):
    with_other_names("gaussian-distribution", "bell curve")
    graph = with_other_names("singular-value-decomposition", "SVD")

    expected = "singular-value-decomposition" if query.lower() == "svd" else "gaussian-distribution"
    assert first(graph, query) == expected


def test_every_word_has_to_match(catalog):
    assert found(catalog, "gradient xylophone") == []


def test_title_words_come_before_other_names_and_those_before_running_text(db):
    make_topic("Quokka counting", slug="in-title")
    make_topic("B", slug="in-other-name", also_called=["tame quokka"])
    make_topic("C", slug="in-summary", summary="Where a quokka lives.")
    forget_graph()

    slugs = [slug for _, slug in found(current_graph(), "quokka")]

    assert slugs == ["in-title", "in-other-name", "in-summary"]


def test_equals_are_ordered_by_kind_and_then_by_study_order(db):
    later = make_topic("Later quokka", slug="later")
    resource = make_resource("Quokka reader", slug="reader")
    make_unit("First quokka", slug="unit", resource=resource, topics=[later])
    make_topic("Early quokka", slug="early", subject=later.subject, position=1)
    forget_graph()

    hits = search(current_graph(), "quokka")

    assert [(hit.kind, hit.slug) for hit in hits] == [
        ("topic", "early"),
        ("topic", "later"),
        ("resource", "reader"),
        ("unit", "unit"),
    ]


def test_a_unit_says_where_it_belongs(catalog):
    [hit] = search(catalog, "chapter 6 strang", limit=1)

    assert hit == Hit(
        kind="unit",
        slug="chapter-06",
        title="Eigenvalues and Eigenvectors",
        detail="Chapter 6 of Introduction to Linear Algebra",
        subject="",
        subject_title="",
        resource="strang-introduction-to-linear-algebra",
    )


def test_a_topic_says_its_subject(catalog):
    [hit] = search(catalog, "determinants", limit=1)

    assert (hit.subject, hit.subject_title) == ("linear-algebra", "Linear algebra")


def test_an_author_is_found(catalog):
    assert ("resource", "strang-introduction-to-linear-algebra") in found(catalog, "strang")


def test_a_compound_is_found_in_one_piece(catalog):
    assert found(catalog, "kmeans") == found(catalog, "k-means")[:1]


def test_small_words_do_not_stand_in_the_way(catalog):
    assert first(catalog, "what is the chain rule") == first(catalog, "chain rule")


@pytest.mark.parametrize("query", ["", "   ", "!?", "\0", "‖‖", "😀"])
def test_a_query_without_words_finds_nothing(catalog, query):
    assert search(catalog, query) == []


def test_a_long_query_is_cut(catalog):
    assert len(query_words(" ".join(f"word{n}" for n in range(100)))) == MOST_WORDS
    assert len(query_words("a" * 10_000)[0]) == LONGEST_QUERY


def test_the_limit_keeps_the_best(catalog):
    assert search(catalog, "matrix", limit=3) == search(catalog, "matrix", limit=None)[:3]


def test_an_edit_of_the_catalog_is_found(db):
    make_topic("Numbat statistics", slug="numbat")
    assert search(current_graph(), "numbat") == []

    forget_graph()

    assert first(current_graph(), "numbat") == "numbat"


def test_every_topic_is_found_first_by_its_title(catalog):
    assert [t.slug for t in catalog.topics if first(catalog, t.title) != t.slug] == []


def test_fold_drops_case_accents_and_ligatures():
    assert fold("Ångström ﬁt ΣIGMA") == "angstrom fit σigma"
