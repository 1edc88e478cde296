"""What a group's event looks like in Slack and in Discord."""

import re
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

MAXIMUM_MESSAGE_LENGTH = 1_500
_DISCORD_MARKS = re.compile(r"([\\*_~`|>#\[\]()@<:-])")


def slack_message(event: Mapping[str, Any], absolute: Callable[[str], str]) -> dict[str, object]:
    """The body for an incoming webhook of Slack; names and titles cannot mention or link."""
    sentence, path = _sentence(event)
    text = _slack_escaped(sentence)
    if path:
        text += f" <{absolute(path)}|Open>"
    return {"text": text, "link_names": False, "unfurl_links": False, "unfurl_media": False}


def discord_message(event: Mapping[str, Any], absolute: Callable[[str], str]) -> dict[str, object]:
    """The same for Discord."""
    sentence, path = _sentence(event)
    text = _DISCORD_MARKS.sub(r"\\\1", sentence)
    if path:
        text += f" {absolute(path)}"
    return {"content": text, "allowed_mentions": {"parse": []}, "flags": 4}


def _sentence(event: Mapping[str, Any]) -> tuple[str, str]:
    """One line about the event, and the local address it leads to."""
    data = event["data"]
    group, title = data["group"]["name"], data.get("title", "")
    due = _day(data)
    lines = {
        "assignment.published": f"{title} is assigned, due {due}.",
        "assignment.moved": f"{title} is now due {due}.",
        "assignment.removed": f"{title} is no longer assigned.",
        "assignment.due_tomorrow": f"{title} is due tomorrow, {due}.",
        "assignment.finished": f"Everybody has finished {title}.",
        "question.asked": f"A question: {title}",
        "question.answered": f"An answer to: {title}",
        "webhook.tested": "This connection works.",
    }
    sentence = " ".join(f"{group}: {lines[event['type']]}".split())
    return sentence[:MAXIMUM_MESSAGE_LENGTH], data.get("path", "")


def _day(data: Mapping[str, Any]) -> str:
    """The local day in the group's zone, such as “Tue 24 Nov”."""
    if "due_at" not in data:
        return ""
    zone = zoneinfo.ZoneInfo(data.get("time_zone", "UTC"))
    return datetime.fromisoformat(data["due_at"]).astimezone(zone).strftime("%a %-d %b, %H:%M")


def _slack_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
