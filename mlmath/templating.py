"""Template tags for the frame of every page."""

from collections.abc import Hashable
from datetime import date
from functools import lru_cache

from django import template
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.template.defaultfilters import date as date_filter
from django.template.defaultfilters import floatformat
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from mlmath.quick_templates import EncodedString

register = template.Library()
# The same hours stand on many pages, and rounding them Django's way takes as long as a query.
rounded = lru_cache(maxsize=4096, typed=True)(floatformat)
register.filter("floatformat", rounded, is_safe=True)


@register.filter("date", expects_localtime=True, is_safe=False)
def date_in_words(value: date | None, arg: str | None = None) -> str:
    """Django's `date`; of a day, which has no zone, the words are kept."""
    return _day_in_words(value, arg) if type(value) is date else date_filter(value, arg)


_day_in_words = lru_cache(maxsize=4096)(date_filter)


class OnceNode(template.Node):
    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self.html: str | None = None

    def render(self, context: Context) -> str:
        if self.html is None:
            self.html = EncodedString.joined([self.nodelist.render(context)])
        return self.html


@register.tag
def once(parser: Parser, token: Token) -> OnceNode:
    """`{% once %}…{% endonce %}`: what is the same in every answer is rendered once per process.

    For links, addresses of static files and fixed words; never for anything about the visitor.
    """
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    return OnceNode(nodelist)


@register.simple_tag
def piece(template_name: str, **context: Hashable) -> SafeString:
    """`{% piece "app/_x.html" row=row %}`: a fragment rendered once for all who see the same.

    The fragment gets nothing but what is named here, and equal values must look equal; so rows of
    a list are worth it, and what only one person ever sees is not.
    """
    return _piece(template_name, tuple(context.items()))


@lru_cache(maxsize=8192)
def _piece(template_name: str, context: tuple[tuple[str, Hashable], ...]) -> SafeString:
    return render_to_string(template_name, dict(context))


@register.simple_tag(takes_context=True)
def site_nav(context: Context) -> SafeString:
    """The header of this page; an error page may have neither request nor user."""
    user, request = context.get("user"), context.get("request")
    person, unread = "", 0
    if user and user.is_authenticated:
        person, unread = user.name or user.email, user.unread_notices
    section = "/".join(request.path.split("/", 2)[:2]) + "/" if request else ""
    # Beyond nine the bell no longer says how many, so that few headers differ.
    return _nav(section if section in _SECTIONS else "", person, min(unread, 10))


_SECTIONS = {
    "/today/", "/roles/", "/roadmap/", "/topics/", "/library/", "/paths/", "/groups/", "/search/",
}  # fmt: skip


@lru_cache(maxsize=2048)
def _nav(section: str, person: str, unread: int) -> SafeString:
    context = {"section": section, "person": person, "unread": unread}
    return render_to_string("_nav.html", context)
