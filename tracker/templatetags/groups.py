"""Covers of groups and people: initials, on a colour of their own."""

import zlib

from django import template

register = template.Library()
_COLOURS = 8


@register.filter
def initials(name: str) -> str:
    """Of two words the first characters, of one its first two: “TR”, “HE”; capitals."""
    words = ["".join(filter(str.isalnum, word)) for word in name.split()]
    first, *others = [*filter(None, words)] or [name]
    return (first[0] + others[0][0] if others else first[:2]).upper()


@register.filter
def colour(public_id: str) -> int:
    """Which of the eight colours a group has; always the same one."""
    return zlib.crc32(public_id.encode()) % _COLOURS
