"""The curator's pages. Every change here moves the catalog's version, so that every process
reads the catalog anew, and none can be saved from which the graph could not be built."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from catalog.graph.order import Cycle, study_order
from catalog.loading.files import split_text
from catalog.loading.topics import text_fields
from catalog.models import (
    Advice,
    Article,
    CatalogVersion,
    Depth,
    Path,
    PathStep,
    Prerequisite,
    Provider,
    Resource,
    Role,
    RoleTopic,
    StepResource,
    StepTopic,
    Subject,
    TimeEstimate,
    Topic,
    TopicAlias,
    Unit,
)


def _check_texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValidationError('Write a list of texts, such as ["one", "another"].')
    return value


def _check_cited(value: object) -> list[dict[str, str]]:
    known = set(Article.objects.values_list("slug", flat=True))
    if not isinstance(value, list):
        raise ValidationError(
            'Write a list, such as [{"article": "slug", "note": "what it says"}].'
        )
    for entry in value:
        if not isinstance(entry, dict) or not set(entry) <= {"article", "note"}:
            raise ValidationError('Each entry holds "article" and, if you like, "note".')
        if entry.get("article") not in known:
            raise ValidationError(f"“article” must be one of {', '.join(sorted(known))}.")
        if not isinstance(entry.get("note", ""), str):
            raise ValidationError("“note” must be text.")
    return value


def _check_unverified(value: object) -> dict[str, object]:
    if value in ([], {}):
        return {}
    if not isinstance(value, dict) or set(value) != {"fields", "what"}:
        raise ValidationError('Write {} or {"fields": ["year"], "what": "the year"}.')
    _check_texts(value["fields"])
    if not isinstance(value["what"], str) or not value["what"]:
        raise ValidationError("“what” must say to visitors what nobody could check.")
    return value


_CHECKS: dict[str, Callable[[object], object]] = {
    "also_called": _check_texts,
    "authors": _check_texts,
    "cited": _check_cited,
    "former_slugs": _check_texts,
    "unverified": _check_unverified,
}


def _check_order(needs: dict[str, list[str]]) -> None:
    """Refuse needs that run in a circle: no order of study would respect them."""
    try:
        study_order(needs, {node: (0, place) for place, node in enumerate(needs)})
    except Cycle as cycle:
        raise ValidationError(f"These would rest on each other in a circle: {cycle}.") from cycle


class CatalogForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no type at run time
    """Keeps slugs, which are for ever, and the shape of the lists that are kept as JSON."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "slug" in self.fields:
            self.fields["slug"].disabled = True
        for name in _CHECKS.keys() & self.fields.keys():
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in _CHECKS.keys() & cleaned.keys():
            try:
                cleaned[name] = _CHECKS[name](cleaned[name] or [])
            except ValidationError as error:
                self.add_error(name, error)
        return cleaned


class TopicForm(CatalogForm):
    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if not self.instance.pk and TopicAlias.objects.filter(slug=slug).exists():
            raise ValidationError("A topic was called so before, and its old address still works.")
        return slug

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"].replace("\r\n", "\n")
        if body and split_text(body) is None:
            raise ValidationError(
                "Needs a text, “## Exercise” and “## Answer”, each on its own line."
            )
        return body


class RoleForm(CatalogForm):
    def clean_builds_on(self) -> QuerySet[Role]:
        chosen: QuerySet[Role] = self.cleaned_data["builds_on"]
        needs = {
            role.slug: [parent.slug for parent in role.builds_on.all()]
            for role in Role.objects.prefetch_related("builds_on")
        }
        if self.instance.pk:
            _check_order(needs | {self.instance.slug: [parent.slug for parent in chosen]})
        return chosen


class ResourceForm(CatalogForm):
    def clean_part_of(self) -> Resource | None:
        whole: Resource | None = self.cleaned_data["part_of"]
        if whole is not None and whole == self.instance:
            raise ValidationError("Nothing is a part of itself.")
        return whole


class PrerequisiteFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # takes no type at run time
    def clean(self) -> None:
        super().clean()
        if any(self.errors) or not self.instance.pk:
            return  # nothing rests on a new topic yet, so it closes no circle
        # Retired topics count, so that bringing one back can close no circle either.
        needs: dict[str, list[str]] = {
            slug: [] for slug in Topic.objects.values_list("slug", flat=True)
        }
        others = Prerequisite.objects.exclude(topic=self.instance)
        for topic, required in others.values_list("topic__slug", "requires__slug"):
            needs[topic].append(required)
        for form in self.forms:
            if form.cleaned_data and not form.cleaned_data.get("DELETE"):
                needs[self.instance.slug].append(form.cleaned_data["requires"].slug)
        _check_order(needs)


_HTTPS: "Mapping[type[models.Field[Any, Any]], Mapping[str, Any]]" = {
    models.URLField: {"assume_scheme": "https"}
}


class CatalogAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes no type at run time
    """Moves the catalog's version with every change, in the transaction of the change."""

    form = CatalogForm
    formfield_overrides = _HTTPS
    list_per_page = 200

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            if request.method == "POST":
                # Two needs that are fine one by one may close a circle together.
                CatalogVersion.objects.hold()
            return super().changeform_view(request, *args, **kwargs)

    def save_related(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Iterable[Any],
        change: bool,  # noqa: FBT001  # as Django calls it
    ) -> None:
        super().save_related(request, form, formsets, change)
        CatalogVersion.objects.move()

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        super().delete_model(request, obj)
        CatalogVersion.objects.move()

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        CatalogVersion.objects.move()


class LastingAdmin(CatalogAdmin):
    """For what others hold on to by its slug: it is retired, never deleted."""

    actions = ("retire", "bring_back")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.action(description="Retire the selected ones", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._set_retired(request, queryset, is_retired=True)

    @admin.action(description="Bring the selected ones back", permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._set_retired(request, queryset, is_retired=False)

    @transaction.atomic
    def _set_retired(
        self, request: HttpRequest, queryset: QuerySet[Any], *, is_retired: bool
    ) -> None:
        count = queryset.exclude(is_retired=is_retired).update(is_retired=is_retired)
        if count:
            CatalogVersion.objects.move()
        self.message_user(request, f"{count} {'retired' if is_retired else 'brought back'}.")


class CatalogInline(admin.TabularInline):  # type: ignore[type-arg]  # takes no type at run time
    form = CatalogForm
    formfield_overrides = _HTTPS
    extra = 0


class PrerequisiteInline(CatalogInline):
    model = Prerequisite
    formset = PrerequisiteFormSet
    fk_name = "topic"
    autocomplete_fields = ("requires",)


class AliasInline(CatalogInline):
    model = TopicAlias


class RoleTopicInline(CatalogInline):
    model = RoleTopic
    autocomplete_fields = ("topic",)
    fields = ("topic", "requirement", "depth", "basis", "note", "cited")


class UnitInline(CatalogInline):
    model = Unit
    fields = ("number", "slug", "label", "title", "is_retired")
    can_delete = False
    show_change_link = True


class PathStepInline(CatalogInline):
    model = PathStep
    show_change_link = True


class StepTopicInline(CatalogInline):
    model = StepTopic
    autocomplete_fields = ("topic",)


class StepResourceInline(CatalogInline):
    model = StepResource
    autocomplete_fields = ("resource", "units")


_RENDERED = ("body_html", "exercise_html", "answer_html")


@admin.register(Subject)
class SubjectAdmin(CatalogAdmin):
    list_display = ("title", "slug", "position")
    search_fields = ("title", "slug")


@admin.register(Topic)
class TopicAdmin(LastingAdmin):
    form = TopicForm
    list_display = ("title", "slug", "subject", "hours", "is_retired")
    list_filter = ("subject", "is_retired")
    list_select_related = ("subject",)
    search_fields = ("title", "slug", "summary")
    inlines = (PrerequisiteInline, AliasInline)

    def save_model(
        self,
        request: HttpRequest,
        obj: Topic,
        form: Any,
        change: bool,  # noqa: FBT001  # as Django calls it
    ) -> None:
        text = split_text(obj.body)
        fields = text_fields(text) if text else dict.fromkeys(_RENDERED, "")
        for name, value in fields.items():
            setattr(obj, name, value)
        super().save_model(request, obj, form, change)


@admin.register(Depth)
class DepthAdmin(CatalogAdmin):
    list_display = ("title", "slug", "hours_factor", "position")
    search_fields = ("title",)


@admin.register(Role)
class RoleAdmin(LastingAdmin):
    form = RoleForm
    list_display = ("title", "slug", "kind", "is_applied", "is_calculus_free", "is_retired")
    list_filter = ("kind", "is_retired")
    search_fields = ("title", "slug", "summary")
    filter_horizontal = ("builds_on",)
    inlines = (RoleTopicInline,)


@admin.register(Provider)
class ProviderAdmin(CatalogAdmin):
    list_display = ("name", "slug", "kind", "url", "is_unverified")
    list_filter = ("kind", "is_unverified")
    search_fields = ("name", "slug")


@admin.register(Resource)
class ResourceAdmin(LastingAdmin):
    form = ResourceForm
    list_display = ("title", "provider", "kind", "cost", "has_exercises", "level", "is_retired")
    list_filter = ("kind", "cost", "has_exercises", "calculus_needed", "level", "is_retired")
    list_select_related = ("provider",)
    search_fields = ("title", "slug", "provider__name")
    autocomplete_fields = ("provider", "offered_by", "also_at", "part_of")
    inlines = (UnitInline,)


@admin.register(Unit)
class UnitAdmin(LastingAdmin):
    list_display = ("title", "label", "resource", "number", "is_unverified", "is_retired")
    list_filter = ("is_unverified", "is_retired", "resource")
    list_select_related = ("resource",)
    search_fields = ("title", "label", "resource__title")
    autocomplete_fields = ("resource", "topics")


@admin.register(Path)
class PathAdmin(LastingAdmin):
    list_display = ("title", "slug", "role", "covers_role", "is_calculus_free", "is_retired")
    list_filter = ("role", "covers_role", "is_retired")
    list_select_related = ("role",)
    search_fields = ("title", "slug", "summary")
    inlines = (PathStepInline,)


@admin.register(PathStep)
class PathStepAdmin(CatalogAdmin):
    list_display = ("title", "path", "position", "is_optional", "is_order_free")
    list_filter = ("path",)
    list_select_related = ("path",)
    search_fields = ("title", "path__title")
    inlines = (StepTopicInline, StepResourceInline)


@admin.register(Article)
class ArticleAdmin(CatalogAdmin):
    list_display = ("title", "slug", "author", "year")
    search_fields = ("title", "author")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Lists of citations name it by slug, where the database cannot protect it.
        return False


@admin.register(Advice)
class AdviceAdmin(CatalogAdmin):
    list_display = ("slug", "audience", "text", "position")
    list_filter = ("audience",)
    search_fields = ("slug", "text")


@admin.register(TimeEstimate)
class TimeEstimateAdmin(CatalogAdmin):
    list_display = ("slug", "claim", "applies_to", "position")
    search_fields = ("slug", "claim")


@admin.register(CatalogVersion)
class CatalogVersionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes no type at run time
    """To look at: the number moves by itself."""

    list_display = ("number", "moved_at", "digest")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
