"""The groups: mine, the public ones, starting one, and the card of one from outside."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.graph import CatalogGraph, current_graph
from catalog.search import LONGEST_QUERY, MOST_WORDS
from mlmath.errors import DomainError
from tracker.actions import groups as actions
from tracker.actions import members
from tracker.forms.groups import NewGroupForm
from tracker.forms.members import RequestForm
from tracker.models import Visibility
from tracker.summaries.groups import card_of, group_card, my_groups, public_groups, resources_with
from tracker.views.once import once
from tracker.views.requests import AppRequest

PAGE_SIZE = 24


@require_safe
def group_list(request: AppRequest) -> HttpResponse:
    graph = current_graph()
    cards = [card_of(group, graph) for group in my_groups(request.user)]
    return TemplateResponse(request, "tracker/groups.html", {"cards": cards})


@require_safe
def directory(request: AppRequest) -> HttpResponse:
    """Public groups, all or those with every word that is asked for."""
    graph = current_graph()
    query = " ".join(request.GET.get("q", "").replace("\0", "").split())[:LONGEST_QUERY]
    words = query.split()[:MOST_WORDS]
    found = public_groups(request.user, words=words, resources=resources_with(graph, words))
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "cards": [card_of(group, graph) for group in page],
        "page": page,
        "query": query,
    }
    return TemplateResponse(request, "tracker/group_directory.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: AppRequest) -> HttpResponse:
    graph = current_graph()
    form = NewGroupForm(
        request.POST if request.method == "POST" else None,
        graph=graph,
        initial={"time_zone": request.user.time_zone, "visibility": Visibility.PRIVATE},
    )
    if form.is_valid():
        try:
            return redirect(once(request, form, lambda: _create(request, form, graph)))
        except (DomainError, ValidationError) as refusal:
            form.add_error(None, refusal if isinstance(refusal, ValidationError) else str(refusal))
    return TemplateResponse(
        request, "tracker/group_new.html", {"form": form}, status=422 if form.is_bound else 200
    )


def _create(request: AppRequest, form: NewGroupForm, graph: CatalogGraph) -> str:
    cleaned = form.cleaned_data
    group = actions.create_group(
        user=request.user,
        name=cleaned["name"],
        about=cleaned["about"],
        time_zone=cleaned["time_zone"],
        resource=graph.resources.get(cleaned["resource"]),
        visibility=Visibility(cleaned["visibility"]),
    )
    return reverse("tracker:group-detail", args=[group.public_id])


def card(request: AppRequest, group_id: str, form: RequestForm | None = None) -> HttpResponse:
    """What somebody outside sees of a public group; raises NotFound for any other."""
    found = group_card(user=request.user, group_id=group_id, graph=current_graph())
    asked = found.group.join_requests.filter(user=request.user).first()
    context = {"card": found, "asked": asked, "form": form or RequestForm()}
    status = 422 if form is not None else 200
    return TemplateResponse(request, "tracker/group_card.html", context, status=status)


@require_POST
def ask_to_join(request: AppRequest, group_id: str) -> HttpResponse:
    found = group_card(user=request.user, group_id=group_id, graph=current_graph())
    form = RequestForm(request.POST)
    if form.is_valid():
        try:
            members.ask_to_join(
                user=request.user, group=found.group, message=form.cleaned_data["message"]
            )
        except members.AlreadyMember:
            return redirect("tracker:group-detail", group_id)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The leaders know. You hear of it when they let you in.")
            return redirect("tracker:group-detail", group_id)
    return card(request, group_id, form)


@require_POST
def withdraw_request(request: AppRequest, group_id: str) -> HttpResponse:
    found = group_card(user=request.user, group_id=group_id, graph=current_graph())
    members.withdraw_request(user=request.user, group=found.group)
    messages.success(request, "Your request is taken back.")
    return redirect("tracker:group-detail", group_id)
