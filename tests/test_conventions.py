"""The rules of the house that no tool knows: what is open, what exists, what may not be written.

Who may import whom is held by import-linter; it sees whole packages, so the parts of Django that
rules and rows must not know are looked for here.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.apps import apps
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import URLResolver, get_resolver, reverse

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PYTHON_FILES = sorted(
    path
    for folder in ("mlmath", "catalog", "tracker")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)

# Pages for everybody. A page that is not named here asks for a sign-in.
OPEN_PAGES = {
    "catalog:landing", "catalog:library", "catalog:path-detail", "catalog:path-list",
    "tracker:resource-detail", "catalog:role-compare", "catalog:role-detail", "catalog:role-list",
    "catalog:search", "health-live", "health-ready", "problem-detail", "problem-list",
    "robots", "tracker:status",
    # Opened by a token of the site's own; to everybody else it is not there.
    "tracker:metrics",
    # Guests may look at roadmaps and topics, and tick in their own session.
    "tracker:roadmap", "tracker:roadmap-mine", "tracker:topic-detail", "tracker:topic-mark",
    "tracker:undo", "tracker:export-schema",
    # The token in the address is the key.
    "tracker:my-feed", "tracker:group-feed",
    # Opened by what its address holds.
    "tracker:unsubscribe",
    "tracker:privacy",
    # Ways in, and back in.
    "account_confirm_email", "account_email_verification_sent", "account_inactive",
    "account_login", "account_logout", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "account_signup",
    "socialaccount_login_cancelled",
    "api-docs", "api-schema", "csp-report",
}  # fmt: skip
# The API's doors have tests of their own; these two are pages.
API, API_PAGES = "api/", {"api-docs", "api-schema"}
SAMPLES = {"pk": "1", "object_id": "1", "app_label": "catalog", "content_type_id": "1"}


@dataclass(frozen=True)
class Page:
    name: str
    parameters: frozenset[str]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        return reverse(self.name, kwargs={one: SAMPLES.get(one, "x") for one in self.parameters})


def pages(
    resolver: URLResolver, route: str = "", namespace: str = "", above: frozenset[str] = frozenset()
) -> Iterator[Page]:
    """Every named route of the URLconf."""
    for entry in resolver.url_patterns:
        pattern = entry.pattern
        parameters = above | set(pattern.converters) | set(pattern.regex.groupindex)
        here = route + str(pattern)
        if isinstance(entry, URLResolver):
            inner = ":".join(filter(None, (namespace, entry.namespace)))
            yield from pages(entry, here, inner, parameters)
        elif entry.name and (not here.startswith((API, "^" + API)) or entry.name in API_PAGES):
            yield Page(":".join(filter(None, (namespace, entry.name))), parameters)


PAGES = list(pages(get_resolver()))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_is_listed_as_open_or_asks_for_a_sign_in(client, db, page):
    response = client.get(page.address)

    is_sent_to_sign_in = response.status_code == 302 and (
        response["Location"].startswith((reverse("account_login"), reverse("admin:login")))
    )
    assert is_sent_to_sign_in is (page.name not in OPEN_PAGES)


def test_every_open_page_exists():
    assert {page.name for page in PAGES} >= OPEN_PAGES


def strings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


NAMED = re.compile(r"[\w/-]+\.(?:html|txt)")


def test_every_template_that_code_names_exists():
    named = {
        (path.relative_to(ROOT), text)
        for path in PYTHON_FILES
        # Those name addresses.
        if path.name != "urls.py"
        for text in strings(path)
        if NAMED.fullmatch(text)
    }

    assert len(named) > 10
    for path, name in sorted(named):
        try:
            get_template(name)
        except TemplateDoesNotExist:
            pytest.fail(f"{path} names the template {name}, which does not exist")


def test_every_template_that_a_template_names_exists():
    tag = re.compile(r"{%\s*(?:include|extends)\s+\"([^\"]+)\"")
    for path in TEMPLATES:
        for name in tag.findall(path.read_text()):
            try:
                get_template(name)
            except TemplateDoesNotExist:
                pytest.fail(f"{path.relative_to(ROOT)} names {name}, which does not exist")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_parses(path):
    get_template(str(path.relative_to(ROOT / "templates")))


FRAGMENTS = [path for path in TEMPLATES if path.name.startswith("_")]


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_fragment_opens_by_saying_what_it_needs(path):
    first = path.read_text().splitlines()[0]

    assert re.match(r"({% load [^%]+%})?{# .+ Context: .+\. #}", first), first


# What the content policy forbids, or what would let people's input out unescaped.
FORBIDDEN_IN_TEMPLATES = {
    r"\sstyle=": "styles belong into the style sheets",
    r"\son\w+=": "behaviour belongs into a module",
    r"hx-on": "behaviour belongs into a module",
    r"\bjs:": "htmx must not evaluate",
    r"<script(?![^>]*\bsrc=|[^>]*type=\"application/json\")": "scripts come from files",
    r"<style": "styles belong into the style sheets",
    r"javascript:": "links lead to pages",
    r"\|\s*safe\b": "nothing gets out unescaped",
    r"autoescape off": "nothing gets out unescaped",
}
ALLOWED_IN_TEMPLATES = {
    # HTML that mlmath.markdown has sanitised.
    ("tracker/topic_detail.html", r"\|\s*safe\b"),
    ("tracker/_review.html", r"\|\s*safe\b"),
    ("tracker/_note_view.html", r"\|\s*safe\b"),
    ("tracker/_post_body.html", r"\|\s*safe\b"),
    ("tracker/group_card.html", r"\|\s*safe\b"),
    ("tracker/join.html", r"\|\s*safe\b"),
    ("tracker/group_detail.html", r"\|\s*safe\b"),
    # Mail programs load no style sheets.
    ("mail/base.html", r"<style"),
    # Django's own help texts, such as the list of rules for passwords.
    ("django/forms/field.html", r"\|\s*safe\b"),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_keeps_to_the_content_policy(path):
    name, source = str(path.relative_to(ROOT / "templates")), path.read_text()

    for pattern, reason in FORBIDDEN_IN_TEMPLATES.items():
        if (name, pattern) not in ALLOWED_IN_TEMPLATES:
            found = re.search(pattern, source)
            assert not found, f"{pattern}: {reason}"


@pytest.mark.parametrize(
    "source",
    [
        '<p style="x">',
        '<a onclick="x()">',
        "<script>x()</script>",
        "{{ x|safe }}",
        "{{ x | safe }}",
    ],
)
def test_the_search_would_find_it(source):
    assert any(re.search(pattern, source) for pattern in FORBIDDEN_IN_TEMPLATES)


def test_what_is_allowed_is_still_needed():
    for name, pattern in ALLOWED_IN_TEMPLATES:
        assert re.search(pattern, (ROOT / "templates" / name).read_text()), name


# They join pieces that a template or `format_html` has escaped already.
MARKED_SAFE = {
    "mlmath/quick_templates.py",
    "mlmath/templating.py",
    "tracker/views/group_matrix.py",
    "tracker/views/pictures.py",
    "tracker/views/roadmap.py",
}


def test_python_marks_nothing_as_safe_but_what_is_escaped_already():
    found = {
        str(path.relative_to(ROOT))
        for path in PYTHON_FILES
        if re.search(r"\b(mark_safe|SafeString|EncodedString\.joined)\(", path.read_text())
    }

    assert found == MARKED_SAFE


# Rules and rows know nothing of the web.
INNER = ("catalog/graph", "catalog/loading", "catalog/models", "catalog/effort.py",
         "tracker/actions", "tracker/models", "tracker/summaries")  # fmt: skip
OUTER = (
    "django.http", "django.contrib.messages", "django.shortcuts", "django.template",
    "django.urls", "django.views", "django.forms",
)  # fmt: skip


def imports(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_rules_and_rows_know_nothing_of_the_web():
    inner = [path for path in PYTHON_FILES if str(path.relative_to(ROOT)).startswith(INNER)]

    assert len(inner) > 20
    for path in inner:
        seen = {one for one in imports(path.read_text()) if one.startswith(OUTER)}
        assert not seen, f"{path.relative_to(ROOT)} imports {seen}"


def test_the_search_for_imports_would_find_them():
    assert "django.http" in imports("from django import http")
    assert "django.http" in imports("def f():\n    from django.http import HttpResponse")


def test_the_catalog_never_names_the_tracker():
    for path in PYTHON_FILES:
        if path.relative_to(ROOT).parts[0] == "catalog":
            named = [text for text in strings(path) if re.match(r"tracker\.", text)]
            assert not named, path


def test_the_tracker_leaves_no_relation_on_the_catalog():
    for model in apps.get_app_config("tracker").get_models():
        for field in model._meta.get_fields():
            remote = getattr(field, "remote_field", None)
            if remote and field.concrete and remote.model._meta.app_label == "catalog":
                assert remote.related_name == "+", f"{model.__name__}.{field.name}"


def test_there_are_no_drawers_for_odds_and_ends():
    assert not [path for path in PYTHON_FILES if path.name in {"utils.py", "helpers.py", "misc.py"}]
