"""Template tags for the frame of every page."""

from collections.abc import Hashable
from functools import lru_cache

from django import template
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

register = template.Library()


class OnceNode(template.Node):
    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self.html: str | None = None

    def render(self, context: Context) -> str:
        if self.html is None:
            self.html = self.nodelist.render(context)
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
    person = (user.name or user.email) if user and user.is_authenticated else ""
    section = "/".join(request.path.split("/", 2)[:2]) + "/" if request else ""
    return _nav(section if section in _SECTIONS else "", person)


_SECTIONS = {"/today/", "/roles/", "/roadmap/", "/topics/", "/library/", "/paths/", "/search/"}


@lru_cache(maxsize=2048)
def _nav(section: str, person: str) -> SafeString:
    return render_to_string("_nav.html", {"section": section, "person": person})
