"""Data files → rows: what a load does, follows, keeps and refuses."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from catalog.graph import current_graph, forget_graph
from catalog.loading import CatalogFaulty, load_catalog
from catalog.models import CatalogVersion, Resource, Subject, Topic, Unit
from catalog.models import Path as StudyPath
from tests.catalog.small import TEXT, edit, write_small_catalog
from tests.factories import make_user
from tracker.models import Activity, Source, TopicProgress, TopicState

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def all_models():
    return list(apps.get_app_config("catalog").get_models(include_auto_created=True))


@pytest.fixture
def files(db, tmp_path):
    """The small catalog's files, and a database without any catalog."""
    for model in all_models():
        # Without cascades the order does not matter; the transaction is checked as a whole.
        model._base_manager.all()._raw_delete("default")
    forget_graph()
    return write_small_catalog(tmp_path)


@pytest.fixture
def loaded(files):
    """The small catalog's files, already in the database."""
    load_catalog(files)
    forget_graph()
    return files


def tick(slug, state=TopicState.DONE, user=None):
    user = user or make_user()
    TopicProgress.objects.create(
        user=user,
        topic=Topic.objects.get(slug=slug),
        state=state,
        source=Source.MANUAL,
        changed_at=AT,
    )
    return user


def states(user):
    return dict(TopicProgress.objects.filter(user=user).values_list("topic__slug", "state"))


def counts():
    return {model: model._base_manager.count() for model in all_models()}


def command(directory, *arguments):
    output = io.StringIO()
    call_command("load_catalog", *arguments, directory=directory, stdout=output)
    forget_graph()
    return output.getvalue()


def test_a_first_load_creates_everything(files):
    report = load_catalog(files)

    assert report.counts["topics"].created == 5
    assert report.counts["prerequisites"].created == 3
    assert report.counts["units"].created == 3
    assert Topic.objects.get(slug="vectors").also_called == ["arrows"]
    assert "<math" in Topic.objects.get(slug="vectors").body_html
    assert Topic.objects.get(slug="vectors").answer_html == "<p><strong>2</strong></p>\n"


def test_a_second_load_changes_nothing(loaded):
    before, version = counts(), CatalogVersion.objects.current_number()

    report = load_catalog(loaded)

    assert report.is_unchanged
    assert counts() == before
    assert CatalogVersion.objects.current_number() == version


def test_a_load_that_compares_all_changes_nothing_either(loaded):
    before, version = counts(), CatalogVersion.objects.current_number()

    report = load_catalog(loaded, compare_all=True)

    assert not report.has_changes, {kind: str(one) for kind, one in report.counts.items()}
    assert counts() == before
    assert CatalogVersion.objects.current_number() == version


def test_the_real_catalog_loaded_again_changes_nothing(catalog):
    report = load_catalog(compare_all=True)

    assert not report.has_changes, {kind: str(one) for kind, one in report.counts.items()}


def test_a_change_moves_the_version_and_is_reported(loaded):
    version = CatalogVersion.objects.current_number()
    edit(loaded, "topics.yaml", ("summary: Arrows.", "summary: Arrows with a length."))

    report = load_catalog(loaded)

    assert str(report.counts["topics"]) == "1 changed"
    assert str(report.counts["units"]) == "unchanged"
    assert CatalogVersion.objects.current_number() == version + 1


def test_a_changed_text_is_a_change(loaded):
    (loaded / "texts" / "vectors.md").write_text(TEXT.replace("Arrows", "New"))

    report = load_catalog(loaded)

    assert report.counts["topics"].changed == 1
    assert Topic.objects.get(slug="vectors").body_html == Topic.objects.get(
        slug="matrices"
    ).body_html.replace("Arrows", "New")


def test_an_edit_by_hand_stands_until_the_files_change(loaded):
    Topic.objects.filter(slug="vectors").update(title="Vectors, by hand")

    load_catalog(loaded)
    assert Topic.objects.get(slug="vectors").title == "Vectors, by hand"

    load_catalog(loaded, compare_all=True)
    assert Topic.objects.get(slug="vectors").title == "Vectors"


def test_a_renamed_topic_keeps_its_row_and_everybodys_ticks(loaded):
    ada, key = tick("vectors"), Topic.objects.get(slug="vectors").pk
    edit(
        loaded,
        "topics.yaml",
        ("slug: vectors", "slug: arrows\n  renamed_from: [vectors]"),
        ("topic: vectors", "topic: arrows"),
    )
    edit(loaded, "roles.yaml", ("topic: vectors", "topic: arrows"))
    edit(loaded, "resources.yaml", ("[vectors]", "[arrows]"))
    edit(loaded, "paths.yaml", ("[vectors]", "[arrows]"))
    (loaded / "texts" / "vectors.md").rename(loaded / "texts" / "arrows.md")

    report = command(loaded)

    assert "1 renamed" in report
    assert Topic.objects.get(slug="arrows").pk == key
    assert states(ada) == {"arrows": "done"}
    assert [topic.slug for topic in current_graph().successors("vectors")] == ["arrows"]
    assert load_catalog(loaded, compare_all=True).has_changes is False


LENGTHS = """\
- slug: lengths
  title: Lengths
  subject: algebra
  summary: How long.
  hours: 2
  prerequisites:
  - topic: arrows
    reason: Arrows have a length.
  split_from: [vectors]
"""


def split_vectors(files):
    """vectors becomes arrows and lengths."""
    edit(
        files,
        "topics.yaml",
        ("- slug: vectors", "- slug: arrows\n  split_from: [vectors]"),
        ("- slug: matrices", LENGTHS + "- slug: matrices"),
        ("topic: vectors", "topic: arrows"),
    )
    edit(files, "roles.yaml", ("topic: vectors", "topic: arrows"))
    edit(files, "resources.yaml", ("[vectors]", "[arrows, lengths]"))
    edit(files, "paths.yaml", ("[vectors]", "[arrows]"))
    text = (files / "texts" / "vectors.md").read_text()
    (files / "texts" / "vectors.md").unlink()
    for slug in ("arrows", "lengths"):
        (files / "texts" / f"{slug}.md").write_text(text)


def test_ticks_on_a_split_topic_go_to_all_its_parts_once(loaded):
    ada = tick("vectors")
    split_vectors(loaded)

    assert "carried to the topics that took over: 2" in command(loaded)
    assert states(ada) == {"vectors": "done", "arrows": "done", "lengths": "done"}
    assert [topic.slug for topic in current_graph().successors("vectors")] == ["arrows", "lengths"]

    TopicProgress.objects.filter(topic__slug="lengths").update(state=TopicState.TODO)
    command(loaded, "--all")
    assert states(ada)["lengths"] == "todo"
    assert Activity.objects.filter(user=ada).count() == 2


def test_ticks_on_merged_topics_go_to_the_one_that_took_them_in(loaded):
    ada = tick("limits", TopicState.LEARNING)
    tick("derivatives", TopicState.DONE, ada)
    edit(
        loaded,
        "topics.yaml",
        ("- slug: limits", "- slug: change\n  merged_from: [limits, derivatives]"),
    )
    content = (loaded / "topics.yaml").read_text()
    (loaded / "topics.yaml").write_text(content[: content.index("- slug: derivatives")])
    roles = (loaded / "roles.yaml").read_text()
    cut = roles.index("  - topic: derivatives")
    (loaded / "roles.yaml").write_text(roles[:cut].replace("topic: limits", "topic: change"))
    edit(loaded, "resources.yaml", ("[limits, derivatives]", "[change]"))
    (loaded / "texts" / "limits.md").rename(loaded / "texts" / "change.md")
    (loaded / "texts" / "derivatives.md").unlink()

    command(loaded)

    assert states(ada)["change"] == "done"
    assert Topic.objects.get(slug="limits").is_retired
    for old in ("limits", "derivatives"):
        assert [topic.slug for topic in current_graph().successors(old)] == ["change"]


def without_eigenvalues(files):
    content = (files / "topics.yaml").read_text()
    start, end = content.index("- slug: eigenvalues"), content.index("- slug: limits")
    (files / "topics.yaml").write_text(content[:start] + content[end:])
    roles = (files / "roles.yaml").read_text()
    start, end = roles.index("  - topic: eigenvalues"), roles.index("- slug: builder")
    (files / "roles.yaml").write_text(roles[:start] + roles[end:])
    edit(files, "resources.yaml", ("[matrices, eigenvalues]", "[matrices]"))
    (files / "texts" / "eigenvalues.md").unlink()


def test_a_topic_that_the_files_no_longer_name_is_retired_with_its_ticks(loaded):
    ada = tick("eigenvalues")
    without_eigenvalues(loaded)

    assert "1 retired" in command(loaded)

    assert Topic.objects.get(slug="eigenvalues").is_retired
    assert states(ada) == {"eigenvalues": "done"}
    assert current_graph().retired == {"eigenvalues": "Eigenvalues"}
    assert load_catalog(loaded, compare_all=True).has_changes is False


def test_a_retired_topic_can_come_back(loaded):
    before = {path: path.read_text() for path in loaded.rglob("*.*") if path.is_file()}
    ada = tick("eigenvalues")
    without_eigenvalues(loaded)
    command(loaded)

    for path, content in before.items():
        path.write_text(content)
    command(loaded)

    assert not Topic.objects.get(slug="eigenvalues").is_retired
    assert states(ada) == {"eigenvalues": "done"}
    assert "eigenvalues" in current_graph().topic_by_slug


def test_a_renamed_role_keeps_those_who_chose_it(loaded):
    ada = make_user(role="builder")
    edit(loaded, "roles.yaml", ("slug: builder", "slug: maker\n  renamed_from: [builder]"))

    command(loaded)

    ada.refresh_from_db()
    assert ada.role.slug == "maker"
    assert current_graph().renamed["roles/builder"] == "maker"


def test_a_role_that_the_files_no_longer_name_is_retired(loaded):
    ada = make_user(role="builder")
    roles = (loaded / "roles.yaml").read_text()
    (loaded / "roles.yaml").write_text(roles[: roles.index("- slug: builder")])

    command(loaded)

    ada.refresh_from_db()
    assert ada.role.is_retired
    assert "builder" not in current_graph().roles


def test_renamed_resources_units_and_paths_keep_their_rows(loaded):
    keys = [
        Resource.objects.get(slug="the-book").pk,
        Unit.objects.get(slug="ch1").pk,
        StudyPath.objects.get(slug="short-path").pk,
    ]
    edit(
        loaded,
        "resources.yaml",
        ("slug: the-book", "slug: our-book\n  renamed_from: [the-book]"),
        ("slug: ch1", "slug: chapter-1\n    renamed_from: [ch1]"),
    )
    edit(
        loaded,
        "paths.yaml",
        ("slug: short-path", "slug: quick-path\n  renamed_from: [short-path]"),
        ("resource: the-book", "resource: our-book"),
        ("resource: the-book", "resource: our-book"),
        ("[ch1]", "[chapter-1]"),
    )

    command(loaded)

    assert keys == [
        Resource.objects.get(slug="our-book").pk,
        Unit.objects.get(slug="chapter-1").pk,
        StudyPath.objects.get(slug="quick-path").pk,
    ]
    renamed = current_graph().renamed
    assert renamed["resources/the-book"] == "our-book"
    assert renamed["paths/short-path"] == "quick-path"


def test_a_unit_that_the_files_no_longer_name_is_retired(loaded):
    content = (loaded / "resources.yaml").read_text()
    (loaded / "resources.yaml").write_text(content[: content.index("  - slug: ch3")])

    command(loaded)

    assert Unit.objects.get(slug="ch3").is_retired
    assert [unit.slug for unit in current_graph().resources["the-book"].units] == ["ch1", "ch2"]


def test_a_subject_goes_with_its_last_topic_and_stays_for_retired_ones(loaded):
    edit(loaded, "subjects.yaml", ("slug: calculus", "slug: analysis"))
    edit(
        loaded,
        "topics.yaml",
        ("subject: calculus", "subject: analysis"),
        ("subject: calculus", "subject: analysis"),
    )
    edit(loaded, "subjects.yaml", ("slug: algebra", "slug: vectors-and-matrices"))
    content = (loaded / "topics.yaml").read_text()
    (loaded / "topics.yaml").write_text(
        content.replace("subject: algebra", "subject: vectors-and-matrices")
    )
    without_eigenvalues(loaded)

    assert "1 removed" in command(loaded)

    # Calculus has gone; algebra is still the subject of eigenvalues, which are retired.
    assert set(Subject.objects.values_list("slug", flat=True)) == {
        "algebra",
        "analysis",
        "vectors-and-matrices",
    }
    assert set(current_graph().subjects) == {"analysis", "vectors-and-matrices"}
    assert not load_catalog(loaded, compare_all=True).has_changes


def test_a_provider_and_a_depth_can_be_replaced(loaded):
    content = (loaded / "resources.yaml").read_text()
    (loaded / "resources.yaml").write_text(
        content.replace("slug: press", "slug: house").replace("provider: press", "provider: house")
    )
    content = (loaded / "roles.yaml").read_text()
    (loaded / "roles.yaml").write_text(content.replace("awareness", "overview"))

    command(loaded)

    assert list(current_graph().providers) == ["house"]
    assert list(current_graph().depths) == ["overview", "working"]


FAULTS = [
    # file, what stands there, what a faulty file has instead, the line named and what is said of it
    ("topics.yaml", "hours: 4", "hours: 81", "- slug: vectors", "at most 80"),
    ("topics.yaml", "hours: 4", "hours: 0", "- slug: vectors", "must be above 0"),
    ("topics.yaml", "hours: 4", "hours: four", "  hours: four", "must be a number"),
    ("topics.yaml", "hours: 4", "hours: 2.25", "- slug: vectors", "one decimal at most"),
    ("topics.yaml", "hours: 4", "hours: .nan", "- slug: vectors", "must be a number"),
    ("topics.yaml", "  title: Vectors\n", "", "- slug: vectors", "'title' is missing"),
    ("topics.yaml", "summary: Arrows.", "sumary: A.", "- slug: vectors", "'sumary' is unknown"),
    ("topics.yaml", "subject: calculus", "subject: x", "  subject: x", "unknown subject 'x'"),
    ("topics.yaml", "topic: matrices", "topic: matrixes", "  - topic: matrixes", "unknown topic"),
    ("topics.yaml", "slug: limits", "slug: Limits!", "- slug: Limits!", "is no slug"),
    ("topics.yaml", "slug: limits", "slug: vectors", "- slug: vectors", "stands here twice"),
    ("topics.yaml", "hours: 4", "hours: 4\n  hours: 5", "  hours: 5", "'hours' stands here twice"),
    ("topics.yaml", "article: why-maths", "article: why", "  - article: why", "unknown article"),
    ("topics.yaml", "a limit.", "a limit", "  - topic: limits", "must be a sentence of its own"),
    ("topics.yaml", "title: Vectors", "title: " + "v" * 121, "  title: vvv", "longer than 120"),
    ("topics.yaml", "title: Vectors", "title: ''", "  title: ''", "must be text"),
    ("topics.yaml", "hours: 4", "renamed_from: [limits]\n  hours: 4", "  renamed", "still a topic"),
    ("topics.yaml", "topics:\n", "topics: [\n", "- slug: vectors", "is no YAML"),
    ("topics.yaml", "topics:\n", "themes:\n", "themes:", "must hold exactly the keys topics"),
    ("roles.yaml", "depth: awareness", "depth: shallow", "    depth: shallow", "unknown depth"),
    ("roles.yaml", "kind: role", "kind: rule", "  kind: rule", "is 'rule', not one of"),
    ("roles.yaml", "applied: true", "applied: maybe", "  applied: maybe", "must be true or false"),
    ("roles.yaml", "[analyst]", "[poet]", "  builds_on: [poet]", "unknown role 'poet'"),
    ("roles.yaml", "builds_on: []", "builds_on: [builder]", "- slug: analyst", "in a circle"),
    ("roles.yaml", "topic: vectors", "topic: limits", "- slug: analyst", "calculus-free"),
    ("roles.yaml", "topic: limits", "topic: vectors", "- slug: builder", "but not limits"),
    ("resources.yaml", "provider: press", "provider: p", "  provider: p", "unknown provider 'p'"),
    ("resources.yaml", "[vectors]", "[arrows]", "    topics: [arrows]", "unknown topic 'arrows'"),
    ("resources.yaml", "slug: ch2", "slug: ch1", "  - slug: ch1", "'ch1' stands here twice"),
    ("resources.yaml", "https://press.example/book", "http://x.example", "  url: http:", "https://"),
    ("resources.yaml", "https://press.example/book", "javascript:alert(1)", "  url: java", "https://"),
    ("resources.yaml", "cost: free", "cost: cheap", "  cost: cheap", "is 'cheap', not one of"),
    ("paths.yaml", "[ch1]", "[ch9]", "      units: [ch9]", "unknown unit of the-book 'ch9'"),
    ("paths.yaml", "[ch1]", "[ch2]", "    topics: [vectors]", "no unit of the step covers"),
    ("paths.yaml", "resource: the-book", "resource: x", "    - resource: x", "unknown resource"),
    ("paths.yaml", "position: 2", "position: 3", "  - position: 3", "numbered 1, 2, 3"),
    ("paths.yaml", "[matrices]", "[eigenvalues]", "- slug: short-path", "leaves out matrices"),
    ("paths.yaml", "[matrices]", "[vectors]", "    topics: [vectors]", "stands in two steps"),
    ("paths.yaml", "max: 40", "max: 6", "- slug: analyst", "required hours are outside the claim"),
    ("subjects.yaml", "position: 2", "position: two", "  position: two", "must be a whole number"),
    ("articles.yaml", "articles:\n", "themes:\n", "themes:", "exactly the keys articles"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "right", "wrong", "stands", "words"),
    FAULTS,
    ids=[f"{fault[0]}: {fault[2].strip()[:30]}" for fault in FAULTS],
)
def test_a_faulty_file_is_refused_by_file_and_line_and_nothing_is_written(
    loaded, file, right, wrong, stands, words
):
    before, version = counts(), CatalogVersion.objects.current_number()
    edit(loaded, "subjects.yaml", ("title: Algebra", "title: Changed as well"))
    edit(loaded, file, (right, wrong))

    with pytest.raises(CatalogFaulty) as refusal:
        load_catalog(loaded)

    told = [fault for fault in refusal.value.faults if words in fault.text]
    assert told, str(refusal.value)
    named = (loaded / told[0].file).read_text().splitlines()[told[0].line - 1]
    assert named.startswith(stands)
    assert counts() == before
    assert CatalogVersion.objects.current_number() == version
    assert not Subject.objects.filter(title="Changed as well").exists()


def test_a_circle_of_prerequisites_is_refused_and_shown(loaded):
    circle = "prerequisites:\n  - topic: eigenvalues\n    reason: A circle."
    edit(loaded, "topics.yaml", ("prerequisites: []", circle))

    with pytest.raises(CatalogFaulty, match=r"topics\.yaml:\d+: prerequisites run in a circle: "):
        load_catalog(loaded)


def test_all_faults_are_told_at_once(loaded):
    edit(loaded, "topics.yaml", ("hours: 4", "hours: 0"), ("hours: 6", "hours: 99"))

    with pytest.raises(CatalogFaulty) as refusal:
        load_catalog(loaded)

    assert len(refusal.value.faults) == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("texts/vectors.md", None, "topic vectors has no text"),
        ("texts/vectors.md", b"No exercise.", "needs a text, “## Exercise” and “## Answer”"),
        ("texts/vectors.md", b"\xff\xfe", "is not UTF-8"),
        ("texts/stray.md", b"A\n\n## Exercise\n\nB\n\n## Answer\n\nC", "belongs to no topic"),
        ("topics.yaml", None, "cannot be read"),
        ("topics.yaml", b"\xff\xfe\x00", "is no YAML"),
        ("topics.yaml", b"- !!python/object/apply:os.system [id]", "is no YAML"),
    ],
)
def test_missing_and_unreadable_files_are_refused(loaded, name, content, words):
    if content is None:
        (loaded / name).unlink()
    else:
        (loaded / name).write_bytes(content)

    with pytest.raises(CatalogFaulty, match=words):
        load_catalog(loaded)


def test_the_command_tells_faults_and_ends_with_an_error(loaded):
    edit(loaded, "topics.yaml", ("hours: 4", "hours: 0"))

    with pytest.raises(CommandError, match=r"nothing was written:\ntopics\.yaml:2: topic vectors"):
        command(loaded)


def test_the_command_says_when_there_is_nothing_to_do(loaded):
    assert command(loaded) == "Catalog: the files have not changed since the last load.\n"


def test_the_data_files_name_no_path_of_a_machine():
    data = Path(__file__).resolve().parent.parent.parent / "catalog" / "data"
    for path in data.rglob("*.*"):
        content = path.read_text()
        assert "/home/" not in content
        assert "file://" not in content
