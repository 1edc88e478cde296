"""The curator's pages: nothing is lost, and nothing is saved that the graph could not stand."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from catalog.graph import current_graph, forget_graph
from catalog.models import (
    Advice,
    Article,
    CatalogVersion,
    Path,
    Prerequisite,
    Resource,
    Role,
    Topic,
    Unit,
)
from tests.factories import make_resource, make_topic, make_unit
from tracker.models import User

TEXT = "Some $x^2$.\r\n\r\n## Exercise\r\n\r\nSquare 3.\r\n\r\n## Answer\r\n\r\n**9**\r\n"

MODELS = [model for model in admin.site._registry if model._meta.app_label == "catalog"]


@pytest.fixture
def curator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("curator@example.org", "a long password"))
    return client


def fields_of(response) -> dict[str, object]:
    """What a browser would send back if nothing on the page were changed."""
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    fields = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is None or value is False:
                continue
            if hasattr(value, "pk"):
                value = value.pk
            if isinstance(value, list):
                value = [getattr(one, "pk", one) for one in value]
            fields[bound.html_name] = value
    return fields


def change(curator: Client, row, **changes: object):
    """Open the page of `row`, change fields, save."""
    address = reverse(f"admin:catalog_{row._meta.model_name}_change", args=[row.pk])
    page = curator.get(address)
    return curator.post(address, fields_of(page) | changes)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_and_every_form_opens(curator, model):
    name = f"admin:catalog_{model._meta.model_name}"

    assert curator.get(reverse(f"{name}_changelist")).status_code == 200
    assert (
        curator.get(reverse(f"{name}_change", args=[model.objects.first().pk])).status_code == 200
    )
    assert curator.get(reverse(f"{name}_changelist"), {"q": "matrix"}).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_saving_a_page_unchanged_works(curator, model):
    if model is CatalogVersion:
        return  # to look at only
    response = change(curator, model.objects.first())

    errors = "" if response.status_code == 302 else response.context["errors"]
    assert response.status_code == 302, errors


def test_an_edit_moves_the_version_and_is_seen(curator):
    before = CatalogVersion.objects.current_number()
    topic = Topic.objects.get(slug="vectors")

    change(curator, topic, title="Arrows")

    assert CatalogVersion.objects.current_number() == before + 1
    forget_graph()
    assert current_graph().topic_by_slug["vectors"].title == "Arrows"


def test_an_edit_of_an_inline_moves_the_version(curator):
    before = CatalogVersion.objects.current_number()
    resource = make_resource("Book")
    unit = make_unit("Chapter", resource=resource)

    change(curator, resource, **{"units-0-title": "Renamed"})

    unit.refresh_from_db()
    assert unit.title == "Renamed"
    assert CatalogVersion.objects.current_number() == before + 1


def test_deleting_moves_the_version(curator):
    before = CatalogVersion.objects.current_number()
    advice = reverse("admin:catalog_advice_changelist")
    one, *others = Advice.objects.values_list("pk", flat=True)[:3]

    curator.post(reverse("admin:catalog_advice_delete", args=[one]), {"post": "yes"})
    curator.post(advice, {"action": "delete_selected", "_selected_action": others, "post": "yes"})

    assert CatalogVersion.objects.current_number() == before + 2


def test_a_text_is_rendered_as_the_loader_renders_it(curator):
    topic = Topic.objects.get(slug="vectors")

    change(curator, topic, body=TEXT)

    topic.refresh_from_db()
    assert topic.body_html.startswith("<p>Some <math")
    assert topic.exercise_html == "<p>Square 3.</p>\n"
    assert topic.answer_html == "<p><strong>9</strong></p>\n"


def test_a_text_without_its_three_parts_is_refused(curator):
    topic = Topic.objects.get(slug="vectors")

    response = change(curator, topic, body="No exercise.")

    assert "Needs a text" in response.context["adminform"].form.errors["body"][0]


def test_a_slug_is_for_ever(curator):
    topic = Topic.objects.get(slug="vectors")

    change(curator, topic, slug="arrows", title="Arrows")

    topic.refresh_from_db()
    assert (topic.slug, topic.title) == ("vectors", "Arrows")


def test_a_former_slug_is_not_given_again(curator):
    topic = make_topic("New name")
    topic.aliases.create(slug="old-name", kind="renamed")
    page = curator.get(reverse("admin:catalog_topic_add"))

    response = curator.post(
        reverse("admin:catalog_topic_add"), fields_of(page) | {"slug": "old-name"}
    )

    assert "was called so before" in response.context["adminform"].form.errors["slug"][0]


def add_need(curator: Client, topic: Topic, required: Topic):
    address = reverse("admin:catalog_topic_change", args=[topic.pk])
    fields = fields_of(curator.get(address))
    count = int(str(fields["prerequisites-TOTAL_FORMS"]))
    return curator.post(
        address,
        fields
        | {
            "prerequisites-TOTAL_FORMS": count + 1,
            f"prerequisites-{count}-topic": topic.pk,
            f"prerequisites-{count}-requires": required.pk,
            f"prerequisites-{count}-reason": "Because.",
        },
    )


def test_a_prerequisite_can_be_added(curator):
    first, second = make_topic("First"), make_topic("Second")

    response = add_need(curator, second, first)

    assert response.status_code == 302
    assert second.prerequisites.get().requires == first


def test_a_circle_of_prerequisites_is_refused(curator):
    first = make_topic("First")
    second = make_topic("Second", requires=[first])
    third = make_topic("Third", requires=[second])

    response = add_need(curator, first, third)

    assert response.status_code == 200
    assert "in a circle: first > third > second > first" in response.content.decode().replace(
        "&gt;", ">"
    )
    assert not first.prerequisites.exists()


def test_a_circle_through_a_retired_topic_is_refused_too(curator):
    first = make_topic("First")
    second = make_topic("Second", requires=[first], is_retired=True)

    assert add_need(curator, first, second).status_code == 200
    assert not Prerequisite.objects.filter(topic=first).exists()


def test_a_circle_of_roles_is_refused(curator):
    role = Role.objects.get(slug="machine-learning-engineer")
    heir = Role.objects.get(slug="data-scientist")

    response = change(curator, role, builds_on=[heir.pk])

    assert "in a circle" in response.context["adminform"].form.errors["builds_on"][0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cited", '["sikka"]'),
        ("cited", '[{"article": "nobody"}]'),
        ("cited", '[{"article": "sikka", "note": 3}]'),
        ("cited", '{"article": "sikka"}'),
        ("also_called", '"PCA"'),
        ("also_called", "[1]"),
        ("also_called", "{"),
    ],
)
def test_a_list_of_another_shape_is_refused(curator, field, value):
    response = change(curator, Topic.objects.get(slug="vectors"), **{field: value})

    assert field in response.context["adminform"].form.errors


@pytest.mark.parametrize(
    "value", ['{"fields": ["year"]}', "[1]", '{"fields": "year", "what": "x"}']
)
def test_a_doubt_of_another_shape_is_refused(curator, value):
    response = change(curator, Resource.objects.get(slug="mit-18-06"), unverified=value)

    assert "unverified" in response.context["adminform"].form.errors


def test_an_emptied_list_is_an_empty_list(curator):
    topic = Topic.objects.get(slug="vectors")

    change(curator, topic, cited="", also_called="")

    topic.refresh_from_db()
    assert (topic.cited, topic.also_called) == ([], [])


def test_a_resource_is_no_part_of_itself(curator):
    resource = Resource.objects.get(slug="mit-18-06")

    response = change(curator, resource, part_of=resource.pk)

    assert "part_of" in response.context["adminform"].form.errors


@pytest.mark.parametrize("model", [Topic, Role, Resource, Unit, Path, Article])
def test_deleting_is_not_offered(curator, model):
    address = f"admin:catalog_{model._meta.model_name}_delete"

    response = curator.post(reverse(address, args=[model.objects.first().pk]), {"post": "yes"})

    assert response.status_code == 403


def test_retiring_and_bringing_back_move_the_version_once_each(curator):
    before = CatalogVersion.objects.current_number()
    unit = Unit.objects.get(resource__slug="mit-18-06", number=1)
    address = reverse("admin:catalog_unit_changelist")

    for action in ("retire", "retire", "bring_back"):
        curator.post(address, {"action": action, "_selected_action": [unit.pk]}, follow=True)

    unit.refresh_from_db()
    assert not unit.is_retired
    assert CatalogVersion.objects.current_number() == before + 2


def test_only_staff_get_in(ada_browser):
    assert ada_browser.get(reverse("admin:catalog_topic_changelist")).status_code == 302
