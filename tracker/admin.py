"""People in the admin: found and deactivated here, and otherwise looked at only.

What somebody ticked is theirs; nobody else writes it, staff neither. Each look at a list or a row
is written down, and people see those at what is theirs. The account library's own pages, in which
one could change addresses and read secrets, give way to some of ours.
"""

from typing import Any

# They register their pages when they are imported, which has to be before ours take their place.
import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin
import allauth.usersessions.admin  # noqa: F401
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from tracker.actions.acts import record_look
from tracker.models import (
    Activity,
    ApiToken,
    Ban,
    Invitation,
    JoinRequest,
    LeaderAct,
    Membership,
    StaffLook,
    StudyGroup,
    TopicProgress,
    User,
)
from tracker.models.privacy import REGISTRY

_SHOWN = [
    "email", "name", "public_id", "is_active", "role", "minutes_per_day", "time_zone", "joined_at",
    "last_login",
]  # fmt: skip
# What decides who may do what; only a superuser hands it out.
_POWERS = ["is_staff", "is_superuser", "groups", "user_permissions"]


class Noted(admin.ModelAdmin):  # type: ignore[type-arg]  # takes no type at run time
    """Writes down who looks: at the list, at a row, at its history."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        self._note(request, response)
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url, extra_context
        )
        self._note(request, response, object_id)
        return response

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().history_view(request, object_id, extra_context)
        self._note(request, response, object_id)
        return response

    def _note(
        self, request: HttpRequest, response: HttpResponse, object_id: str | None = None
    ) -> None:
        if response.status_code != 200 or not isinstance(request.user, User):
            return
        label = self.model._meta.label
        path, person = REGISTRY[label].owner, None
        if object_id is not None and path:
            row = self.model._base_manager.filter(pk=unquote(object_id))
            person = row.values_list(path, flat=True).first()
        record_look(by=request.user, table=label, person_id=person)


class LookOnly(Noted):
    """Rows to look at: none is made, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# Staff come in by the same door as everybody, with its limits and its second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(User)
class UserAdmin(Noted):
    """Accounts are made by signing up and removed by their owners, so neither is offered."""

    list_display = ["email", "name", "role", "joined_at", "last_login", "is_active", "is_staff"]
    list_filter = ["is_active", "is_staff", "role"]
    list_select_related = ["role"]
    search_fields = ["email", "name", "public_id"]
    date_hierarchy = "joined_at"
    ordering = ["-joined_at"]
    actions = ["deactivate", "activate"]
    filter_horizontal = ["groups", "user_permissions"]
    fields = [*_SHOWN, *_POWERS]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        changeable = {"is_active"}
        if request.user.is_superuser:
            changeable |= set(_POWERS)
        elif obj is not None and obj.is_superuser:
            changeable = set()
        return [name for name in (*_SHOWN, *_POWERS) if name not in changeable]

    @admin.action(description="Deactivate the chosen accounts", permissions=["change"])
    def deactivate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        changed = self._within_reach(request, chosen).exclude(email=request.user.get_username())
        count = changed.update(is_active=False)
        self.message_user(
            request, f"Deactivated: {count}. They are signed out at their next click."
        )

    @admin.action(description="Activate the chosen accounts", permissions=["change"])
    def activate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        count = self._within_reach(request, chosen).update(is_active=True)
        self.message_user(request, f"Activated: {count}.")

    @staticmethod
    def _within_reach(request: HttpRequest, chosen: QuerySet[User]) -> QuerySet[User]:
        """Staff without all powers leave those alone who have them."""
        return chosen if request.user.is_superuser else chosen.filter(is_superuser=False)


@admin.register(ApiToken)
class ApiTokenAdmin(LookOnly):
    list_display = [
        "prefix",
        "user",
        "name",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    ]
    list_select_related = ["user"]
    search_fields = ["user__email", "prefix", "name"]
    fields = [
        "user", "name", "scopes", "prefix", "created_at", "expires_at", "last_used_at",
        "revoked_at",
    ]  # fmt: skip


@admin.register(TopicProgress)
class TopicProgressAdmin(LookOnly):
    list_display = ["user", "topic", "state", "is_stuck", "source", "changed_at"]
    list_filter = ["state", "is_stuck", "source"]
    list_select_related = ["user", "topic"]
    search_fields = ["user__email", "topic__slug"]
    ordering = ["-id"]


@admin.register(Activity)
class ActivityAdmin(LookOnly):
    list_display = ["at", "user", "topic", "before_state", "after_state", "source", "batch"]
    list_filter = ["source"]
    list_select_related = ["user", "topic"]
    search_fields = ["user__email", "topic__slug", "batch"]
    ordering = ["-id"]


@admin.register(StudyGroup)
class StudyGroupAdmin(LookOnly):
    list_display = ["name", "public_id", "visibility", "created_at", "archived_at", "deleted_at"]
    list_filter = ["visibility"]
    search_fields = ["name", "public_id"]
    ordering = ["-created_at"]
    fields = [
        "name", "public_id", "about", "time_zone", "resource", "visibility", "is_open", "version",
        "created_at", "archived_at", "deleted_at",
    ]  # fmt: skip


@admin.register(Membership)
class MembershipAdmin(LookOnly):
    list_display = ["group", "user", "role", "joined_at", "last_active_on"]
    list_filter = ["role"]
    list_select_related = ["group", "user"]
    search_fields = ["group__name", "group__public_id", "user__email"]
    ordering = ["-id"]


@admin.register(Ban)
class BanAdmin(LookOnly):
    list_display = ["group", "user", "banned_at"]
    list_select_related = ["group", "user"]
    search_fields = ["group__public_id", "user__email"]
    ordering = ["-id"]


@admin.register(JoinRequest)
class JoinRequestAdmin(LookOnly):
    list_display = ["group", "user", "asked_at", "declined_at"]
    list_select_related = ["group", "user"]
    search_fields = ["group__public_id", "user__email"]
    fields = ["group", "user", "asked_at", "declined_at"]
    ordering = ["-id"]


@admin.register(Invitation)
class InvitationAdmin(LookOnly):
    """Without the digest: nothing here lets anybody in."""

    list_display = ["prefix", "group", "max_uses", "uses", "created_at", "expires_at", "revoked_at"]
    list_select_related = ["group"]
    search_fields = ["prefix", "group__public_id", "email"]
    fields = [
        "group", "prefix", "email", "max_uses", "uses", "invited_by", "created_at", "expires_at",
        "revoked_at",
    ]  # fmt: skip
    ordering = ["-id"]


@admin.register(LeaderAct)
class LeaderActAdmin(LookOnly):
    list_display = ["at", "group", "by", "kind", "member", "about"]
    list_filter = ["kind"]
    list_select_related = ["group", "by", "member"]
    search_fields = ["group__public_id", "member__email", "by__email"]


@admin.register(StaffLook)
class StaffLookAdmin(LookOnly):
    """Who of the staff looked at what: also this page writes a row."""

    list_display = ["at", "by", "table", "person"]
    list_filter = ["table"]
    list_select_related = ["by", "person"]
    search_fields = ["by__email", "person__email"]


for _model in (EmailAddress, Authenticator, SocialAccount, SocialToken, UserSession):
    admin.site.unregister(_model)


@admin.register(EmailAddress)
class EmailAddressAdmin(LookOnly):
    list_display = ["email", "user", "verified", "primary"]
    list_select_related = ["user"]
    search_fields = ["email", "user__email"]


@admin.register(Authenticator)
class AuthenticatorAdmin(LookOnly):
    """Without what would let anybody in."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    fields = ["user", "type", "created_at", "last_used_at"]


@admin.register(SocialAccount)
class SocialAccountAdmin(LookOnly):
    list_display = ["user", "provider", "uid", "date_joined", "last_login"]
    list_select_related = ["user"]
    search_fields = ["user__email", "uid"]
    fields = ["user", "provider", "uid", "date_joined", "last_login"]


@admin.register(UserSession)
class UserSessionAdmin(LookOnly):
    """Without the key, by which one could take the session over."""

    list_display = ["user", "ip", "user_agent", "created_at", "last_seen_at"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    fields = ["user", "ip", "user_agent", "created_at", "last_seen_at"]
