"""What somebody says about themselves: name, role, pace, days off."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from catalog.graph import current_graph
from catalog.models import Role
from tracker.actions.people import update_profile
from tracker.forms.people import ProfileForm
from tracker.views.requests import AppRequest


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: AppRequest) -> HttpResponse:
    graph = current_graph()
    form = ProfileForm(
        request.POST if request.method == "POST" else None, user=request.user, graph=graph
    )
    if form.is_valid() and _save(request, form):
        messages.success(request, "Saved.")
        return redirect("tracker:settings")
    return TemplateResponse(
        request, "tracker/settings.html", {"form": form}, status=422 if form.is_bound else 200
    )


def _save(request: AppRequest, form: ProfileForm) -> bool:
    slug = form.cleaned_data["role"]
    changes = form.changes()
    changes["role"] = Role.objects.get(pk=form.graph.roles[slug].id) if slug else None
    try:
        update_profile(user=request.user, **changes)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True
