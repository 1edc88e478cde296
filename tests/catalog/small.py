"""A catalog of five topics in data files, small enough to break it in every way."""

from pathlib import Path

FILES = {
    "articles.yaml": """\
articles:
- slug: why-maths
  title: Why Maths?
  author: A. Author
  year: 2018
""",
    "subjects.yaml": """\
subjects:
- slug: algebra
  title: Algebra
  summary: About vectors.
  position: 1
- slug: calculus
  title: Calculus
  summary: About change.
  position: 2
""",
    "topics.yaml": """\
topics:
- slug: vectors
  title: Vectors
  subject: algebra
  summary: Arrows.
  hours: 4
  prerequisites: []
  also_called: [arrows]
  cited:
  - article: why-maths
- slug: matrices
  title: Matrices
  subject: algebra
  summary: Tables.
  hours: 6
  prerequisites:
  - topic: vectors
    reason: A column is a vector.
- slug: eigenvalues
  title: Eigenvalues
  subject: algebra
  summary: Stretching.
  hours: 8
  prerequisites:
  - topic: matrices
    reason: They belong to a matrix.
- slug: limits
  title: Limits
  subject: calculus
  summary: Coming close.
  hours: 3
  prerequisites: []
- slug: derivatives
  title: Derivatives
  subject: calculus
  summary: Slopes.
  hours: 5
  prerequisites:
  - topic: limits
    reason: A slope is a limit.
""",
    "roles.yaml": """\
depths:
- slug: awareness
  title: Awareness
  hours_factor: 0.6
  meaning: Know of it.
- slug: working
  title: Working
  hours_factor: 1.0
  meaning: Use it.
roles:
- slug: analyst
  title: Analyst
  kind: role
  applied: true
  calculus_free: true
  builds_on: []
  summary: Looks at data.
  topics:
  - topic: vectors
    requirement: required
    depth: working
    basis: article
  - topic: matrices
    requirement: required
    depth: awareness
    basis: prerequisite
  - topic: eigenvalues
    requirement: recommended
    depth: working
    basis: addition
- slug: builder
  title: Builder
  kind: specialisation
  applied: false
  calculus_free: false
  builds_on: [analyst]
  summary: Builds models.
  topics:
  - topic: limits
    requirement: required
    depth: working
    basis: article
  - topic: derivatives
    requirement: required
    depth: working
    basis: article
""",
    "resources.yaml": """\
providers:
- slug: press
  name: The Press
  kind: publisher
  url: https://press.example/
  summary: Prints books.
resources:
- slug: the-book
  title: The Book
  authors: [B. Author]
  provider: press
  kind: book
  year: 2016
  url: https://press.example/book
  cost: free
  has_exercises: true
  standalone: true
  calculus_needed: none
  level: introductory
  evidence: seen
  unit_kind: chapter
  units:
  - slug: ch1
    label: Chapter 1
    title: Vectors
    topics: [vectors]
  - slug: ch2
    label: Chapter 2
    title: Matrices
    topics: [matrices, eigenvalues]
  - slug: ch3
    label: Chapter 3
    title: Change
    topics: [limits, derivatives]
""",
    "paths.yaml": """\
paths:
- slug: short-path
  title: Short path
  role: analyst
  covers_role: true
  prerequisites_complete: true
  calculus_free: true
  summary: By one book.
  steps:
  - position: 1
    title: Vectors
    summary: The first chapter.
    topics: [vectors]
    resources:
    - resource: the-book
      use: main
      units: [ch1]
  - position: 2
    title: Matrices
    summary: The second chapter.
    topics: [matrices]
    resources:
    - resource: the-book
      use: main
time_estimates:
- slug: days
  claim: A week will do.
  applies_to: applied roles
  total_hours_min: 5
  total_hours_max: 40
  cited:
  - article: why-maths
advice:
- slug: start
  audience: everybody
  text: Start today.
  cited:
  - article: why-maths
""",
}
TEXT = "Arrows with $n$ numbers.\n\n## Exercise\n\nAdd one and one.\n\n## Answer\n\n**2**\n"
TOPICS = ("vectors", "matrices", "eigenvalues", "limits", "derivatives")


def write_small_catalog(directory: Path) -> Path:
    """Write the data files of the small catalog into `directory`."""
    for name, content in FILES.items():
        (directory / name).write_text(content)
    (directory / "texts").mkdir()
    for slug in TOPICS:
        (directory / "texts" / f"{slug}.md").write_text(TEXT)
    return directory


def edit(directory: Path, file: str, *changes: tuple[str, str]) -> None:
    """Replace what stands in `file`, each once; what is not there would make the test void."""
    path = directory / file
    content = path.read_text()
    for old, new in changes:
        assert content.count(old) >= 1, f"{old!r} is not in {file}"
        content = content.replace(old, new, 1)
    path.write_text(content)
