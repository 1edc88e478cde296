"""People in the admin: found and deactivated here, and otherwise looked at only.

What somebody ticked is theirs; nobody else writes it, staff neither.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from tracker.models import Activity, ApiToken, TopicProgress, User

_SHOWN = [
    "email", "name", "public_id", "is_active", "role", "minutes_per_day", "time_zone", "joined_at",
    "last_login",
]  # fmt: skip
# What decides who may do what; only a superuser hands it out.
_POWERS = ["is_staff", "is_superuser", "groups", "user_permissions"]


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # takes no type at run time
    """Rows to look at: none is made, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes no type at run time
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
