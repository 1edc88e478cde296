"""Answering in a group, and what is done to an answer."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker.actions import answers as actions
from tracker.actions.posts import refuse_others, refuse_unless_own_or_led
from tracker.forms.questions import AnswerForm, EditAnswerForm
from tracker.models import Answer, Question
from tracker.summaries.members import GroupHead
from tracker.summaries.mentions import people_in
from tracker.summaries.questions import answer_in, question_in, versions_of
from tracker.views.group_pages import group_at, group_context
from tracker.views.once import once
from tracker.views.posts import attempt, gives_back, press, preview, preview_piece
from tracker.views.questions import HERE, question_page
from tracker.views.requests import AppRequest


@gives_back
@require_POST
def answer(request: AppRequest, group_id: str, question_id: str) -> HttpResponse:
    head = group_at(request, group_id)
    question = question_in(head=head, user=request.user, public_id=question_id)
    form = AnswerForm(request.POST)
    if (html := preview(request, head.group)) is not None:
        piece = preview_piece(request, html)
        return piece or question_page(request, head, question, form, 200, preview=html)
    address, status = attempt(form, lambda: _answer(request, question, form))
    if address is None:
        return question_page(request, head, question, form, status)
    return redirect(address)


@gives_back
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: AppRequest, group_id: str, question_id: str, answer_id: str) -> HttpResponse:
    head, found = _found(request, group_id, question_id, answer_id)
    refuse_others(user=request.user, post=found)
    is_sent = request.method == "POST"
    form = EditAnswerForm(
        request.POST if is_sent else None, initial={"body": found.body, "version": found.version}
    )
    context: dict[str, object] = {"form": form, "question": found.question, "answer": found}
    if (html := preview(request, head.group)) is not None:
        context["preview"] = html
        return preview_piece(request, html) or _form_page(request, head, context, 200)
    status = 200
    if is_sent:
        edited, status = attempt(
            form,
            lambda: actions.edit_answer(
                user=request.user,
                answer=found,
                body=form.cleaned_data["body"],
                version=form.cleaned_data["version"],
            ),
        )
        if edited is not None:
            return redirect(_address(found.question, found))
    if status == 409 and not form.errors:
        # What was typed stays in the form; sending it again means to replace what it says now.
        data = request.POST.copy()
        data["version"] = str(found.version)
        context |= {"form": EditAnswerForm(data), "now": found}
    return _form_page(request, head, context, status)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: AppRequest, group_id: str, question_id: str, answer_id: str) -> HttpResponse:
    """It asks first: nothing is kept of what is deleted."""
    head, found = _found(request, group_id, question_id, answer_id)
    if request.method == "POST":
        if press(request, lambda: actions.delete_answer(user=request.user, answer=found)):
            messages.success(request, "The answer is deleted.")
        return redirect("tracker:question", group_id, question_id)
    refuse_unless_own_or_led(user=request.user, post=found, membership=head.membership)
    context = group_context(head, HERE) | {"question": found.question, "answer": found}
    return TemplateResponse(request, "tracker/post_delete.html", context)


@require_safe
def history(request: AppRequest, group_id: str, question_id: str, answer_id: str) -> HttpResponse:
    head, found = _found(request, group_id, question_id, answer_id)
    context = group_context(head, HERE) | {
        "question": found.question,
        "answer": found,
        "versions": versions_of(found),
    }
    return TemplateResponse(request, "tracker/post_history.html", context)


def _found(
    request: AppRequest, group_id: str, question_id: str, answer_id: str
) -> tuple[GroupHead, Answer]:
    head = group_at(request, group_id)
    question = question_in(head=head, user=request.user, public_id=question_id)
    return head, answer_in(question=question, public_id=answer_id)


def _answer(request: AppRequest, question: Question, form: AnswerForm) -> str:
    def make() -> str:
        given = actions.answer_question(
            user=request.user, question=question, body=form.cleaned_data["body"]
        )
        return _address(question, given)

    return once(request, form, make)


def _address(question: Question, answer: Answer) -> str:
    page = reverse("tracker:question", args=[question.group.public_id, question.public_id])
    return f"{page}#answer-{answer.public_id}"


def _form_page(
    request: AppRequest, head: GroupHead, context: dict[str, object], status: int
) -> HttpResponse:
    """The form to edit an `answer`; `now` is what it says by now."""
    context = group_context(head, HERE) | {"people": people_in(head.group)} | context
    return TemplateResponse(request, "tracker/answer_form.html", context, status=status)
