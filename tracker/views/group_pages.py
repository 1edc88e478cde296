"""What the pages of one group share: who may open them, and the tabs above them."""

from dataclasses import dataclass

from catalog.graph import current_graph
from mlmath.errors import PermissionDenied
from tracker.summaries.members import GroupHead, group_head
from tracker.views.requests import AppRequest


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the views of a group; `name` is its address by name, with the group's id."""

    name: str
    title: str
    is_for_leaders: bool = False


TABS: tuple[Tab, ...] = (
    Tab("tracker:group-detail", "This week"),
    Tab("tracker:group-progress", "Progress"),
    Tab("tracker:schedule", "Schedule"),
    Tab("tracker:group-questions", "Questions"),
    Tab("tracker:group-meetings", "Meetings"),
    Tab("tracker:members", "Members"),
    Tab("tracker:group-settings", "Settings", is_for_leaders=True),
)


def group_at(request: AppRequest, group_id: str) -> GroupHead:
    """The group of an address; raises NotFound for those who are not in it. One query."""
    return group_head(user=request.user, group_id=group_id, graph=current_graph())


def led_group_at(request: AppRequest, group_id: str) -> GroupHead:
    """The same for pages of leaders; raises PermissionDenied for everybody else in the group."""
    head = group_at(request, group_id)
    if not head.leads:
        raise PermissionDenied("Only leaders of the group can open this page.")
    return head


def group_context(head: GroupHead, here: str) -> dict[str, object]:
    """What templates/tracker/group_base.html needs; `here` is the name of the current tab."""
    tabs = [tab for tab in TABS if head.leads or not tab.is_for_leaders]
    return {"head": head, "group": head.group, "tabs": tabs, "here": here}
