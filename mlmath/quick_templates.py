"""Our templates, rendered in half the time.

Django walks the tree of a template anew for each answer, and tries of every name what it may be.
Here each node becomes a function once, when its template is first rendered: blocks stand in their
places, neighbouring text is joined, names are looked up by the shortest way. What has no shorter
way goes Django's own, so that a template means what Django says it means.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from html import escape
from typing import Any, ClassVar, Self

from django.conf import settings
from django.template.base import (
    FilterExpression,
    Lexer,
    Node,
    NodeList,
    Parser,
    Template,
    TextNode,
    Variable,
    VariableDoesNotExist,
    VariableNode,
    render_value_in_context,
)
from django.template.context import Context
from django.template.defaulttags import (
    CommentNode,
    CsrfTokenNode,
    ForNode,
    IfNode,
    LoadNode,
    TemplateLiteral,
    URLNode,
    WithNode,
)
from django.template.library import SimpleNode
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockNode, ExtendsNode, IncludeNode
from django.template.loaders.cached import Loader as CachedLoader
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.functional import SimpleLazyObject, empty
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

Add = Callable[[str], None]
Step = Callable[[Context, Add], None]


class EncodedString(SafeString):
    """HTML that knows its bytes. Most of a page was rendered before, and need not be encoded again:
    one letter that is not of ASCII makes that slow for all others."""

    utf8: bytes

    @classmethod
    def joined(cls, pieces: Iterable[str]) -> Self:
        """The pieces have to be safe each."""
        pieces = list(pieces)
        whole = cls("".join(pieces))
        whole.utf8 = b"".join(
            [piece.utf8 if type(piece) is EncodedString else piece.encode() for piece in pieces]
        )
        return whole

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return self.utf8 if encoding == "utf-8" else super().encode(encoding, errors)


class Loader(CachedLoader):
    """Django's loader that keeps its templates; those of `templates/` come out quick."""

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        template: Template = super().get_template(template_name, skip)
        if self.engine.debug or isinstance(template.nodelist, QuickNodes):
            return template
        if str(template.origin.name).startswith(str(settings.BASE_DIR / "templates")):
            template.nodelist = QuickNodes(template)
        return template


class QuickNodes(NodeList):
    """The nodes of a template, and the functions that write the same."""

    def __init__(self, template: Template) -> None:
        engine = template.engine
        parser = _Parser(
            Lexer(template.source).tokenize(),
            engine.template_libraries,
            engine.template_builtins,
            template.origin,
        )
        super().__init__(parser.parse())
        self._template = template
        self._steps: list[Step] | None = None
        self._is_stock = False

    def render(self, context: Context) -> SafeString:
        # A template of others that extends ours looks for the blocks in the tree.
        if context.render_context.get(BLOCK_CONTEXT_KEY) is not None or self.is_stock:
            return super().render(context)
        pieces: list[str] = []
        self.write(context, pieces.append)
        return EncodedString.joined(pieces)

    @property
    def is_stock(self) -> bool:
        """True where the template can only be left to Django."""
        if self._steps is None and not self._is_stock:
            try:
                self._steps = _Maker(self._template).steps()
            except _LeftToDjangoError:
                self._is_stock = True
        return self._is_stock

    def write(self, context: Context, add: Add) -> None:
        for step in self._steps or ():
            step(context, add)


class _LeftToDjangoError(Exception):
    """The template does what only Django's own way can do."""


class _Parser(Parser):
    def compile_filter(self, token: str) -> FilterExpression:
        expression = super().compile_filter(token)
        if isinstance(expression.var, Variable) and expression.var.lookups:
            expression.var = _Name(str(expression.var.var))
        return expression


class _Name(Variable):
    """A variable that looks its name up by the shortest way, and by Django's where that ends."""

    __slots__ = ("_first", "_rest")

    def __init__(self, var: str) -> None:
        super().__init__(var)
        self._first, *rest = self.lookups or ("",)
        self._rest = tuple(rest)

    def resolve(self, context: Any) -> Any:
        first = self._first
        for scope in reversed(context.dicts):
            if first in scope:
                value = scope[first]
                break
        else:
            # Fields of the context itself have names too. To leave the rest to Django takes as long
            # as a dozen names that are there, and what is optional is often missing.
            if hasattr(context, first):
                return super().resolve(context)
            raise VariableDoesNotExist("Failed lookup for key [%s] in %r", (first, context))
        try:
            for bit in self._rest:
                kind = type(value)
                if kind is SimpleLazyObject:
                    # The person: asking their proxy takes longer than all the rest.
                    value = object.__getattribute__(value, "_wrapped")
                    kind = type(value)
                if kind is dict:
                    value = value[bit]
                elif value is empty or hasattr(kind, "__getitem__") or callable(value):
                    return super().resolve(context)
                else:
                    value = getattr(value, bit)
        except Exception:  # noqa: BLE001  # which of them are silent in templates, Django knows
            return super().resolve(context)
        return super().resolve(context) if callable(value) else value


class _Maker:
    """Makes the functions of one template, with those of what it extends."""

    def __init__(self, template: Template) -> None:
        self._engine = template.engine
        self._blocks: dict[str, BlockNode] = {}
        self._outermost = self._extended(template)

    def steps(self) -> list[Step]:
        return self._steps(self._outermost)

    def _extended(self, template: Template) -> NodeList:
        """The nodes of the outermost template; blocks of the inner ones go into `_blocks`."""
        # Extending comes first in a template, by Django's own rule.
        first = next((one for one in template.nodelist if not isinstance(one, TextNode)), None)
        if "block.super" in template.source:
            raise _LeftToDjangoError
        if not isinstance(first, ExtendsNode):
            return template.nodelist
        parent: Any = first.parent_name
        if parent.filters or not isinstance(parent.var, str):
            raise _LeftToDjangoError
        self._blocks = first.blocks | self._blocks
        return self._extended(self._engine.get_template(parent.var))

    def _steps(self, nodes: Iterable[Node]) -> list[Step]:
        steps: list[Step] = []
        text = ""
        for node in self._flat(nodes):
            if isinstance(node, TextNode):
                text += node.s
                continue
            if text:
                steps.append(_text(text))
                text = ""
            steps.append(self._step(node))
        return [*steps, _text(text)] if text else steps

    def _flat(self, nodes: Iterable[Node]) -> Iterator[Node]:
        """The nodes with the blocks filled in, without those that write nothing."""
        for node in nodes:
            if isinstance(node, BlockNode):
                yield from self._flat(self._blocks.get(node.name, node).nodelist)
            elif not isinstance(node, (CommentNode, LoadNode)):
                yield node

    def _step(self, node: Node) -> Step:
        # By the very class: whoever derives from it has a reason.
        make = self._makers.get(type(node))
        step = make(self, node) if make else None
        if step is not None:
            return step
        if node.get_nodes_by_type(BlockNode):
            raise _LeftToDjangoError
        return lambda context, add: add(str(node.render_annotated(context)))

    def _if(self, node: IfNode) -> Step:
        branches: list[tuple[Callable[[Any], Any] | None, list[Step]]] = [
            (_quickened(condition).eval if condition else None, self._steps(inner))
            for condition, inner in node.conditions_nodelists
        ]

        def step(context: Context, add: Add) -> None:
            for condition, steps in branches:
                if condition is None or condition(context):
                    for inner in steps:
                        inner(context, add)
                    return

        return step

    def _for(self, node: ForNode) -> Step:
        names, is_reversed = node.loopvars, node.is_reversed
        sequence: Any = node.sequence
        nothing: Any = node.nodelist_empty
        rounds: Any = node.nodelist_loop
        body, otherwise = self._steps(rounds), self._steps(nothing)

        def step(context: Context, add: Add) -> None:
            values = sequence.resolve(context, ignore_failures=True)
            values = [] if values is None else list(values)
            around = context.get("forloop", {})
            with context.push() as scope:
                if not values:
                    for inner in otherwise:
                        inner(context, add)
                    return
                loop = scope["forloop"] = {"parentloop": around}
                last = len(values) - 1
                for number, value in enumerate(reversed(values) if is_reversed else values):
                    loop["counter0"], loop["counter"] = number, number + 1
                    loop["revcounter"], loop["revcounter0"] = last - number + 1, last - number
                    loop["first"], loop["last"] = number == 0, number == last
                    if len(names) == 1:
                        scope[names[0]] = value
                    else:
                        scope.update(zip(names, value, strict=True))
                    for inner in body:
                        inner(context, add)

        return step

    def _with(self, node: WithNode) -> Step:
        values, body = list(node.extra_context.items()), self._steps(node.nodelist)

        def step(context: Context, add: Add) -> None:
            with context.push({name: value.resolve(context) for name, value in values}):
                for inner in body:
                    inner(context, add)

        return step

    def _include(self, node: IncludeNode) -> Step | None:
        values, engine = list(node.extra_context.items()), self._engine
        named: Any = node.template
        if node.isolated_context or named.filters or not isinstance(named.var, str):
            return None
        found: list[Template] = []

        def write(context: Context, add: Add) -> None:
            if not found:
                found.append(engine.get_template(named.var))
            nodes = found[0].nodelist
            if isinstance(nodes, QuickNodes) and not nodes.is_stock:
                nodes.write(context, add)
            else:
                add(found[0].render(context))

        def write_with_values(context: Context, add: Add) -> None:
            with context.push({name: value.resolve(context) for name, value in values}):
                write(context, add)

        return write_with_values if values else write

    def _variable(self, node: VariableNode) -> Step:
        expression = node.filter_expression
        # Without filters there is only a name to look up, which is what most of a page is.
        plain = expression.var if expression.is_var and not expression.filters else None

        def step(context: Context, add: Add) -> None:
            try:
                value = (plain or expression).resolve(context)
            except VariableDoesNotExist:
                value = expression.resolve(context)
            kind = type(value)
            if kind is str:
                add(escape(value) if context.autoescape else value)
            elif kind is SafeString or kind is EncodedString:
                add(value)
            elif kind is int:
                # Without separators of thousands there is nothing to localise.
                add(str(value))
            else:
                add(render_value_in_context(value, context))

        return step

    def _url(self, node: URLNode) -> Step | None:
        view, args, variable = node.view_name, node.args, node.asvar
        if node.kwargs:
            return None

        def step(context: Context, add: Add) -> None:
            given = [view.resolve(context), *[arg.resolve(context) for arg in args]]
            if not all(type(one) in _WORDS for one in given):
                add(node.render(context))
                return
            try:
                address = _address(get_script_prefix(), *given)
            except NoReverseMatch:
                if not variable:
                    raise
                address = ""
            if variable:
                context[variable] = address
            else:
                add(conditional_escape(address) if context.autoescape else address)

        return step

    def _token(self, node: CsrfTokenNode) -> Step:
        def step(context: Context, add: Add) -> None:
            token = str(context.get("csrf_token") or "")
            if _PLAIN_TOKEN.fullmatch(token):
                add(f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">')
            else:
                add(node.render(context))

        return step

    def _tag(self, node: SimpleNode) -> Step | None:
        if node.target_var is not None:
            return None
        function, takes_context = node.func, node.takes_context
        positional, named = node.args, list(node.kwargs.items())

        def step(context: Context, add: Add) -> None:
            given = [value.resolve(context) for value in positional]
            if takes_context:
                given.insert(0, context)
            output = function(*given, **{name: value.resolve(context) for name, value in named})
            add(conditional_escape(output) if context.autoescape else output)

        return step

    _makers: ClassVar[Mapping[type[Node], Callable[["_Maker", Any], Step | None]]] = {
        IfNode: _if,
        ForNode: _for,
        WithNode: _with,
        IncludeNode: _include,
        VariableNode: _variable,
        URLNode: _url,
        CsrfTokenNode: _token,
        SimpleNode: _tag,
    }


def _text(text: str) -> Step:
    encoded = EncodedString.joined([text])
    return lambda context, add: add(encoded)


def _quickened(condition: Any) -> Any:
    """The condition, whose names without filters are looked up without a detour."""
    for part in (condition.first, condition.second):
        if part is not None:
            _quickened(part)
    if isinstance(condition, TemplateLiteral):
        value: Any = condition.value
        if value.is_var and not value.filters:
            vars(condition)["eval"] = _or_none(value.var)
    return condition


def _or_none(name: Variable) -> Callable[[Context], Any]:
    def value(context: Context) -> Any:
        try:
            return name.resolve(context)
        except VariableDoesNotExist:
            return None

    return value


_PLAIN_TOKEN = re.compile("[a-zA-Z0-9]{64}")
_WORDS = frozenset((str, SafeString, int))


_PLACES = ("the-first-place", "the-second-place", "the-third-place")
_PLAIN_WORD = re.compile(r"[-\w]+", re.ASCII)


@lru_cache(maxsize=8192)
def _address(prefix: str, name: str, *args: str | int) -> str:
    """The address of a page. `prefix`, where the site is mounted, is part of what Django says."""
    parts = _around(prefix, name, len(args))
    if parts and all(isinstance(word, str) and _PLAIN_WORD.fullmatch(word) for word in args):
        return "".join([f"{part}{word}" for part, word in zip(parts, (*args, ""), strict=True)])
    return reverse(name, args=args)


@lru_cache(maxsize=1024)
def _around(prefix: str, name: str, count: int) -> list[str]:
    """What stands around so many words in an address that takes any; empty for other addresses."""
    places = _PLACES[:count]
    try:
        address = reverse(name, args=places)
    except NoReverseMatch:
        return []
    parts = re.split("|".join(places), address) if places else []
    return parts if len(parts) == count + 1 else []
