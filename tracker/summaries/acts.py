"""What leaders and staff did about somebody, in sentences."""

from dataclasses import dataclass
from datetime import datetime

from django.apps import apps

from tracker.models import ActKind, LeaderAct, StaffLook, StudyGroup, User
from tracker.summaries.members import shown_name

MOST_SHOWN = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class ActLine:
    """One act; `group` is the name of the group, blank for what staff did."""

    sentence: str
    group: str
    at: datetime


def acts_about(user: User) -> list[ActLine]:
    """What leaders and staff did about `user`, the newest first, 200 at most. Two queries."""
    acts = LeaderAct.objects.filter(member=user).select_related("group", "by")[:MOST_SHOWN]
    looks = StaffLook.objects.filter(person=user)[:MOST_SHOWN]
    lines = [
        ActLine(sentence=_sentence(act, whom="you"), group=act.group.name, at=act.at)
        for act in acts
    ]
    lines += [ActLine(sentence=_look(look), group="", at=look.at) for look in looks]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:MOST_SHOWN]


def acts_in(group: StudyGroup) -> list[ActLine]:
    """What leaders did about its members, the newest first, 200 at most. One query."""
    acts = LeaderAct.objects.filter(group=group).select_related("by", "member")[:MOST_SHOWN]
    return [
        ActLine(sentence=_sentence(act, whom=shown_name(act.member)), group=group.name, at=act.at)
        for act in acts
    ]


def _sentence(act: LeaderAct, *, whom: str) -> str:
    words = ActKind(act.kind).label.replace("{about}", "{1}").replace("{}", "{0}")
    return f"{shown_name(act.by)} {words.format(whom, act.about)}"


def _look(look: StaffLook) -> str:
    model = apps.get_model(look.table)
    name = "account" if model is User else model._meta.verbose_name
    return f"Staff looked at your {name}"
