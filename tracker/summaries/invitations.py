"""The ways into a group that are open, and how those who come by them see it."""

from datetime import datetime

from django.db.models import F, Q, QuerySet

from tracker.models import Invitation, StudyGroup


def is_live(at: datetime) -> Q:
    """Whether an invitation still lets somebody in."""
    has_uses_left = Q(max_uses=None) | Q(uses__lt=F("max_uses"))
    return Q(revoked_at=None, expires_at__gt=at) & has_uses_left


def open_invitations(*, group: StudyGroup, at: datetime) -> QuerySet[Invitation]:
    """Those of `group` that still let somebody in, the newest first."""
    return (
        Invitation.objects.select_related("invited_by")
        .filter(is_live(at), group=group)
        .order_by("-created_at", "-pk")
    )
