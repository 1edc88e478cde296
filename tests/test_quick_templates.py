"""Quick templates say what Django's say: by construct here, by page in `test_permissions`."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Engine, TemplateDoesNotExist
from django.template.base import Origin, Template
from django.urls import NoReverseMatch, get_resolver
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString

from mlmath.quick_templates import EncodedString, Loader, QuickNodes

ENGINE = Engine.get_default()


class Close:
    alters_data = True

    def __call__(self):
        raise RuntimeError("a template has closed the shop")


class Closing(Exception):
    silent_variable_failure = True


class Shop:
    """Sells what templates may ask for."""

    name = "Fish & <chips>"
    open_on = date(2026, 11, 21)
    prices = {"cod": 7.5, "plaice": 1234}
    safe = SafeString("<b>new</b>")
    close = Close()

    def greet(self):
        return "Hello <there>"

    def closing(self):
        raise Closing

    @property
    def broken(self):
        raise AttributeError("not today")


@pytest.mark.parametrize(
    "source",
    [
        "{{ shop.name }} {{ shop.safe }} {{ shop.greet }} {{ shop.prices.cod }}",
        "{{ shop.open_on }} {{ shop.open_on|date:'j F Y' }} {{ shop.prices.plaice }} {{ many.1 }}",
        "{{ nothing }}{{ shop.nothing }}{{ shop.nothing.more }}{{ shop.prices.nothing }}|",
        "{{ nothing|default:'none' }} {{ shop.name|lower|default:slug }} {{ none }} {{ yes }}",
        "{{ shop.close }}{{ shop.closing }}{{ many.9 }}{{ many.length }}|",
        "{{ lazy.name }} {{ lazy.prices.cod }} {{ lazy.greet }} {{ lazy }}",
        "{% if nothing %}a{% elif shop.name == 'Fish & <chips>' %}b{% else %}c{% endif %}",
        "{% if not nothing and shop.prices.cod > 7 or nothing %}a{% endif %}",
        "{% if none < 3 %}a{% else %}b{% endif %}{% if 2 in many %}c{% endif %}",
        "{% for a in many %}{{ forloop.counter }}{% if not forloop.last %},{% endif %}{% endfor %}",
        "{% for one in nothing %}{{ one }}{% empty %}nothing{% endfor %}",
        "{% for one in many reversed %}{{ forloop.revcounter0 }}{{ one }}{% endfor %}",
        "{% for name, price in shop.prices.items %}{{ name }}: {{ price }}{% endfor %}",
        "{% for a in many %}{% for b in many %}{{ forloop.parentloop }}{% endfor %}{% endfor %}",
        "{% for a in many %}{{ a }}{% endfor %}{{ forloop }}{{ a }}",
        "{% for one in many %}{% ifchanged %}{{ yes }}{% endifchanged %}{% endfor %}",
        "{% with shop=lazy cod=shop.prices.cod %}{{ shop.name }}{{ cod }}{% endwith %}{{ cod }}",
        "{% url 'tracker:topic-detail' slug %}{% url 'tracker:today' %}",
        "{% url 'tracker:topic-detail' slug as address %}{{ address }}{% url 'no' as no %}{{ no }}",
        "{% include '_bell.html' with unread=3 %}{% include '_bell.html' with unread=12 only %}",
        "{% include fragment %}{{ unread }}",
        "{% autoescape off %}{{ shop.name }}{% endautoescape %}{# nothing #}",
        "{% piece '_bell.html' unread=many.2 %}{% widthratio 1 3 100 %}{% firstof nothing slug %}",
        "{% if autoescape %}{{ autoescape }}{% endif %}{{ push }}{{ template_name }}",
        "{% load tz %}{{ shop.open_on|date:'c' }}{% comment %}no{% endcomment %}",
    ],
)
def test_a_construct_says_what_django_says(source):
    names = {
        "shop": Shop(), "lazy": SimpleLazyObject(Shop), "many": [1, 2, 3], "none": None,
        "yes": True, "slug": "vectors", "fragment": "_bell.html", "unread": 1,
    }  # fmt: skip
    stock, quick = (Template(source, engine=ENGINE) for _ in range(2))
    quick.nodelist = QuickNodes(quick)

    expected = stock.render(Context(names))

    assert not quick.nodelist.is_stock
    assert quick.render(Context(names)) == expected


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("{{ shop.broken }}", AttributeError),
        ("{% url 'no-such-page' %}", NoReverseMatch),
        ("{% include 'no-such.html' %}", TemplateDoesNotExist),
        ("{% for a, b in many %}{{ a }}{% endfor %}", ValueError),
    ],
)
def test_what_fails_in_django_fails(source, error):
    stock, quick = (Template(source, engine=ENGINE) for _ in range(2))
    quick.nodelist = QuickNodes(quick)

    for template in (stock, quick):
        with pytest.raises(error):
            template.render(Context({"shop": Shop(), "many": [(1, 2, 3)]}))


def named_pages():
    for space, (_, resolver) in sorted(get_resolver().namespace_dict.items()):
        for name in resolver.reverse_dict:
            if isinstance(name, str):
                yield f"{space}:{name}"


@pytest.mark.parametrize(
    "words",
    [
        *(["vectors"], ["12"], [12], ["é"], ["a b/c"], [""]),
        *(["-a_", "b"], ["7", "8"], ["a", 7], ["a/b", "c"], ["a", "b", "c"]),
    ],
    ids=str,
)
def test_every_address_is_the_one_that_django_gives_it(words):
    source = "{% url name " + " ".join(f"word{place}" for place in range(len(words)))
    stock, quick = (Template(source + " as found %}{{ found }}", engine=ENGINE) for _ in range(2))
    quick.nodelist = QuickNodes(quick)
    given = {f"word{place}": word for place, word in enumerate(words)}
    pages = list(named_pages())

    addresses = {name: stock.render(Context(given | {"name": name})) for name in pages}

    assert {name: quick.render(Context(given | {"name": name})) for name in pages} == addresses


FAMILY = {
    "grand.html": """<{% block a %}a{% endblock %}|{% block b %}b{% block c %}c{% endblock %}\
{% endblock %}|{% if yes %}{% block d %}d{% endblock %}{% endif %}>""",
    "parent.html": """{% extends 'grand.html' %}\
{% block b %}B{% block c %}{% block e %}e{% endblock %}{% endblock %}{% endblock %}\
{% block d %}D{{ yes }}{% endblock %}""",
    "child.html": "{# who #}{% extends 'parent.html' %}{% block e %}E{% endblock %}",
    "super.html": "{% extends 'parent.html' %}{% block d %}{{ block.super }}!{% endblock %}",
    "named.html": "{% extends whom %}{% block a %}A{% endblock %}",
}


@pytest.fixture
def family(monkeypatch):
    """Renders one of the templates above, Django's way or ours."""

    def family(name, *, quick):
        def load(self, name, skip=None):
            if name not in FAMILY:
                raise TemplateDoesNotExist(name)
            template = Template(FAMILY[name], Origin(name, name, self), name, self.engine)
            if quick:
                template.nodelist = QuickNodes(template)
            return template

        monkeypatch.setattr(Loader, "get_template", load)
        template = ENGINE.get_template(name)
        return template.render(Context({"yes": True, "whom": "parent.html"})), template

    return family


@pytest.mark.parametrize(
    ("name", "expected", "is_stock"),
    [
        ("grand.html", "<a|bc|d>", False),
        ("parent.html", "<a|Be|DTrue>", False),
        ("child.html", "<a|BE|DTrue>", False),
        ("super.html", "<a|Be|DTrue!>", True),
        ("named.html", "<A|Be|DTrue>", True),
    ],
)
def test_blocks_are_filled_by_the_innermost_template(family, name, expected, is_stock):
    stock, _ = family(name, quick=False)
    quick, template = family(name, quick=True)

    assert (stock, quick, template.nodelist.is_stock) == (expected, expected, is_stock)


@pytest.mark.parametrize("value", [date(2026, 11, 21), datetime(2026, 11, 21, 23, 30, tzinfo=UTC)])
def test_days_and_moments_read_as_django_writes_them(value):
    with timezone.override("Asia/Tokyo"):
        quick = Template("{{ value|date:'j M' }}{{ value|date }}", engine=ENGINE)
        written = quick.render(Context({"value": value}))

    day = value.astimezone(ZoneInfo("Asia/Tokyo")) if isinstance(value, datetime) else value
    assert written == f"{day.day} NovNov. {day.day}, 2026"


def test_equal_moments_of_two_zones_are_not_taken_for_one():
    template = Template("{{ value|date:'H:i' }}", engine=ENGINE)
    moment = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    written = []
    for zone in ("UTC", "Asia/Tokyo"):
        with timezone.override(zone):
            written.append(template.render(Context({"value": moment})))

    assert written == ["23:30", "08:30"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_is_joined_is_encoded_as_it_reads(encoding):
    inner = EncodedString.joined(["a · b", SafeString("<b>…</b>")])

    whole = EncodedString.joined([inner, "ü", inner])

    assert whole == "a · b<b>…</b>üa · b<b>…</b>"
    assert whole.encode(encoding) == str.encode(whole, encoding)
