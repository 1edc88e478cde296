"""The questions of a group: the list, asking, one question and what is done to it."""

from collections.abc import Iterable
from typing import get_args

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.graph import CatalogGraph, ResourceNode, UnitNode, current_graph
from catalog.search import LONGEST_QUERY, MOST_WORDS
from mlmath.errors import BadRequest, PermissionDenied
from tracker.actions import questions as actions
from tracker.actions.posts import refuse_others, refuse_unless_own_or_led
from tracker.actions.readers import (
    hear_of_questions,
    mark_all_read,
    mark_read,
    mark_unread,
    subscribe,
)
from tracker.forms.questions import AnswerForm, AskForm, EditQuestionForm
from tracker.models import Question
from tracker.summaries.members import GroupHead
from tracker.summaries.mentions import people_in
from tracker.summaries.questions import (
    Show,
    answer_in,
    answer_rows,
    question_in,
    question_row,
    questions_of,
    versions_of,
)
from tracker.views.group_pages import group_at, group_context
from tracker.views.once import once
from tracker.views.posts import attempt, gives_back, press, preview, preview_piece
from tracker.views.requests import AppRequest

PAGE_SIZE = 20
HERE = "tracker:group-questions"


@require_safe
def question_list(request: AppRequest, group_id: str) -> HttpResponse:
    head, graph = group_at(request, group_id), current_graph()
    show = _show(request.GET.get("show", ""))
    query = " ".join(request.GET.get("q", "").replace("\0", "").split())[:LONGEST_QUERY]
    unit = _unit(graph, request.GET.get("unit", ""))
    topic = graph.topic_by_slug.get(request.GET.get("topic", ""))
    found = questions_of(
        head=head,
        user=request.user,
        show=show,
        words=query.split()[:MOST_WORDS],
        unit_id=unit.id if unit else None,
        topic_id=topic.id if topic else None,
    )
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    kept = request.GET.copy()
    kept.pop("page", None)
    context = group_context(head, HERE) | {
        "page": page,
        "rows": [question_row(question, graph=graph) for question in page],
        "show": show,
        "query": query,
        "unit": unit,
        "topic": topic,
        "filters": kept.urlencode(),
    }
    return TemplateResponse(request, "tracker/questions.html", context)


@gives_back
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: AppRequest, group_id: str) -> HttpResponse:
    head, graph = group_at(request, group_id), current_graph()
    if head.observes:
        raise PermissionDenied("Observers look on and change nothing.")
    about = _unit(graph, request.POST.get("unit") or request.GET.get("unit", ""))
    form = AskForm(
        request.POST if request.method == "POST" else None,
        graph=graph,
        resources=_resources(graph, head, about),
        initial={"unit": request.GET.get("unit", ""), "topic": request.GET.get("topic", "")},
    )
    if (html := preview(request, head.group)) is not None:
        context = {"form": form, "preview": html}
        return preview_piece(request, html) or _form_page(request, head, context, 200)
    status = 200
    if form.is_bound:
        address, status = attempt(form, lambda: _ask(request, head, form, graph))
        if address:
            return redirect(address)
    return _form_page(request, head, {"form": form}, status)


@require_safe
def question(request: AppRequest, group_id: str, question_id: str) -> HttpResponse:
    """Opening it is reading it."""
    head = group_at(request, group_id)
    found = question_in(head=head, user=request.user, public_id=question_id)
    response = question_page(request, head, found, AnswerForm(), 200)
    if found.is_unread:
        mark_read(user=request.user, question=found)
    return response


@gives_back
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: AppRequest, group_id: str, question_id: str) -> HttpResponse:
    head, graph = group_at(request, group_id), current_graph()
    found = question_in(head=head, user=request.user, public_id=question_id)
    refuse_others(user=request.user, post=found)
    about = _unit(graph, request.POST.get("unit", ""))
    resources = _resources(graph, head, about, graph.unit_by_id.get(found.unit_id or 0))
    row = question_row(found, graph=graph)
    is_sent = request.method == "POST"
    form = EditQuestionForm(
        request.POST if is_sent else None,
        graph=graph,
        resources=resources,
        initial={
            "title": found.title,
            "body": found.body,
            "unit": f"{row.unit.resource}/{row.unit.slug}" if row.unit else "",
            "topic": row.topic.slug if row.topic else "",
            "version": found.version,
        },
    )
    context: dict[str, object] = {"form": form, "question": found}
    if (html := preview(request, head.group)) is not None:
        context["preview"] = html
        return preview_piece(request, html) or _form_page(request, head, context, 200)
    status = 200
    if is_sent:
        edited, status = attempt(form, lambda: _edit(request, found, form, graph))
        if edited is not None:
            return redirect("tracker:question", group_id, question_id)
    if status == 409 and not form.errors:
        # What was typed stays in the form; sending it again means to replace what it says now.
        data = request.POST.copy()
        data["version"] = str(found.version)
        form = EditQuestionForm(data, graph=graph, resources=resources)
        context |= {"form": form, "now": found}
    return _form_page(request, head, context, status)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: AppRequest, group_id: str, question_id: str) -> HttpResponse:
    """It asks first: nothing is kept of what is deleted."""
    head = group_at(request, group_id)
    found = question_in(head=head, user=request.user, public_id=question_id)
    if request.method == "POST":
        if not press(request, lambda: actions.delete_question(user=request.user, question=found)):
            return redirect("tracker:question", group_id, question_id)
        messages.success(request, "The question is deleted, with its answers.")
        return redirect(HERE, group_id)
    refuse_unless_own_or_led(user=request.user, post=found, membership=head.membership)
    context = group_context(head, HERE) | {"question": found}
    return TemplateResponse(request, "tracker/post_delete.html", context)


@require_safe
def history(request: AppRequest, group_id: str, question_id: str) -> HttpResponse:
    head = group_at(request, group_id)
    found = question_in(head=head, user=request.user, public_id=question_id)
    context = group_context(head, HERE) | {"question": found, "versions": versions_of(found)}
    return TemplateResponse(request, "tracker/post_history.html", context)


@require_POST
def accept(request: AppRequest, group_id: str, question_id: str) -> HttpResponse:
    """Without an `answer`, none is accepted any more."""
    head = group_at(request, group_id)
    found = question_in(head=head, user=request.user, public_id=question_id)
    answer_id = request.POST.get("answer", "")
    answer = answer_in(question=found, public_id=answer_id) if answer_id else None
    press(
        request,
        lambda: actions.accept_answer(user=request.user, question=found, answer=answer),
    )
    return redirect("tracker:question", group_id, question_id)


@require_POST
def pin(request: AppRequest, group_id: str, question_id: str) -> HttpResponse:
    found = _found(request, group_id, question_id)
    is_pinned = _wanted(request)
    press(
        request,
        lambda: actions.pin_question(user=request.user, question=found, is_pinned=is_pinned),
    )
    return redirect("tracker:question", group_id, question_id)


@require_POST
def lock(request: AppRequest, group_id: str, question_id: str) -> HttpResponse:
    found = _found(request, group_id, question_id)
    is_locked = _wanted(request)
    press(
        request,
        lambda: actions.close_question(user=request.user, question=found, is_locked=is_locked),
    )
    return redirect("tracker:question", group_id, question_id)


@require_POST
def subscribe_to(request: AppRequest, group_id: str, question_id: str) -> HttpResponse:
    found = _found(request, group_id, question_id)
    subscribe(user=request.user, question=found, is_subscribed=_wanted(request))
    return redirect("tracker:question", group_id, question_id)


@require_POST
def keep_unread(request: AppRequest, group_id: str, question_id: str) -> HttpResponse:
    """To come back to it; so it leads to the list and not to the question, which would read it."""
    mark_unread(user=request.user, question=_found(request, group_id, question_id))
    return redirect(HERE, group_id)


@require_POST
def read_all(request: AppRequest, group_id: str) -> HttpResponse:
    mark_all_read(user=request.user, group=group_at(request, group_id).group)
    return redirect(HERE, group_id)


@require_POST
def hear(request: AppRequest, group_id: str) -> HttpResponse:
    head = group_at(request, group_id)
    hear_of_questions(user=request.user, group=head.group, wants=_wanted(request))
    return redirect(HERE, group_id)


def question_page(
    request: AppRequest,
    head: GroupHead,
    found: Question,
    form: AnswerForm,
    status: int,
    preview: str | None = None,
) -> HttpResponse:
    """A question out of `question_in` with its answers and the form for another."""
    me, may = request.user, head.may_change
    context = group_context(head, HERE) | {
        "row": question_row(found, graph=current_graph()),
        "answers": answer_rows(question=found, head=head, user=me),
        "form": form,
        "preview": preview,
        "me": me,
        "may_accept": may and (head.leads or found.author_id == me.pk),
        "may_answer": may and (head.leads or not found.is_locked),
        "people": people_in(head.group) if may else [],
    }
    return TemplateResponse(request, "tracker/question.html", context, status=status)


def _ask(request: AppRequest, head: GroupHead, form: AskForm, graph: CatalogGraph) -> str:
    def make() -> str:
        asked = actions.ask_question(
            user=request.user,
            group=head.group,
            title=form.cleaned_data["title"],
            body=form.cleaned_data["body"],
            unit=_unit(graph, form.cleaned_data["unit"]),
            topic=graph.topic_by_slug.get(form.cleaned_data["topic"]),
        )
        return reverse("tracker:question", args=[head.group.public_id, asked.public_id])

    return once(request, form, make)


def _edit(
    request: AppRequest, found: Question, form: EditQuestionForm, graph: CatalogGraph
) -> Question:
    unit = _unit(graph, form.cleaned_data["unit"])
    topic = graph.topic_by_slug.get(form.cleaned_data["topic"])
    # What is no longer in the catalog is not on offer, and stays.
    is_unit_gone = found.unit_id is not None and found.unit_id not in graph.unit_by_id
    is_topic_gone = found.topic_id is not None and found.topic_id not in graph.index_by_id
    return actions.edit_question(
        user=request.user,
        question=found,
        title=form.cleaned_data["title"],
        body=form.cleaned_data["body"],
        unit=unit or (found.unit if is_unit_gone else None),
        topic=topic or (found.topic if is_topic_gone else None),
        version=form.cleaned_data["version"],
    )


def _form_page(
    request: AppRequest, head: GroupHead, context: dict[str, object], status: int
) -> HttpResponse:
    """The form to ask, or to edit with a `question`; `now` is what it says by now."""
    context = group_context(head, HERE) | {"people": people_in(head.group)} | context
    return TemplateResponse(request, "tracker/question_form.html", context, status=status)


def _found(request: AppRequest, group_id: str, question_id: str) -> Question:
    head = group_at(request, group_id)
    return question_in(head=head, user=request.user, public_id=question_id)


def _wanted(request: AppRequest) -> bool:
    """What the button says is wanted, so that pressing it twice changes nothing."""
    wanted = request.POST.get("wanted", "")
    if wanted not in {"yes", "no"}:
        raise BadRequest("“wanted” is yes or no.")
    return wanted == "yes"


def _show(asked: str) -> Show:
    shows: tuple[Show, ...] = get_args(Show)
    return next((show for show in shows if show == asked), "")


def _unit(graph: CatalogGraph, name: str) -> UnitNode | None:
    """The unit that `name` means, as “resource/unit”."""
    resource, _, slug = name.partition("/")
    node = graph.resources.get(resource)
    return next((unit for unit in node.units if unit.slug == slug), None) if node else None


def _resources(graph: CatalogGraph, head: GroupHead, *units: UnitNode | None) -> list[ResourceNode]:
    """Whose chapters a form offers: what the group reads, and what `units` are of."""
    own = [head.resource] if head.resource else []
    others: Iterable[str] = dict.fromkeys(unit.resource for unit in units if unit)
    return [*own, *(graph.resources[slug] for slug in others if graph.resources[slug] not in own)]
