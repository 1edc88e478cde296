"""Markdown → HTML: formulas come out as MathML, and nothing dangerous comes out at all."""

import re

import pytest

from mlmath.markdown import to_html, to_html_with_mentions

VECTORS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](java\tscript:alert(1))",
    "[click](&#106;avascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:msgbox(1))",
    "<javascript:alert(1)>",
    "![x](https://evil.example/x.png)",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example "\\"><script>alert(1)</script>")',
    "<a href='https://a.example' style='position:fixed' onclick='x()'>x</a>",
    "<iframe src=https://evil.example></iframe>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "<math><annotation-xml encoding='text/html'><img src=x onerror=x()></annotation-xml></math>",
    "<style>body{display:none}</style>",
    "<form action=https://evil.example><input name=password></form>",
    "<base href=https://evil.example>",
    "<!--<img src=x onerror=alert(1)>-->",
    "```html\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    r"$\text{<script>alert(1)</script>}$",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\style{color:red}{x}$",
    "$<img src=x onerror=alert(1)>$",
    "$$\n</math><script>alert(1)</script>\n$$",
    "[x]: javascript:alert(1)\n\n[x]",
]
LIVE = re.compile(
    r"<(?!/?(?:a|blockquote|br|code|em|h[234]|hr|li|ol|p|pre|strong|ul|m[a-z]+|none)[\s>/])"
    r"|<[^>]*\s(?:on\w+|style|src|srcdoc|xlink:href|formaction)\s*="
    r"|href=[\"']?\s*(?!https?:|mailto:|\.|/|#|[\"'])",
    re.IGNORECASE,
)


@pytest.mark.parametrize("source", VECTORS)
def test_nothing_that_runs_comes_out(source):
    html = to_html(source)

    assert not LIVE.search(html), html


@pytest.mark.parametrize(
    "html",
    ["<script>", "<p onclick=x>", "<a href=javascript:x>", "<img src=x>", "<p style=x>", "<svg/>"],
)
def test_the_search_for_what_runs_would_find_it(html):
    assert LIVE.search(html)


def test_a_formula_in_a_line_becomes_mathml():
    assert to_html("It is $x^2$.") == (
        '<p>It is <math display="inline">'
        "<mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>.</p>\n"
    )


def test_a_formula_in_the_middle_of_a_sentence_stays_in_its_paragraph():
    made = to_html("A row that reads\n$$0 = c$$\nhas no solution.")

    assert made.startswith('<p>A row that reads\n<math display="block">')
    assert made.endswith("</math>\nhas no solution.</p>\n")


def test_a_formula_of_its_own_becomes_a_block():
    assert '<math display="block">' in to_html("$$\nE = mc^2\n$$")


def test_a_matrix_comes_out_as_a_table():
    html = to_html(r"$$\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}$$")

    assert html.count("<mtr>") == 2
    assert html.count("<mtd>") == 4


@pytest.mark.parametrize("source", [r"\frac{1}{", r"\begin{pmatrix} 1", r"\left( x", "}{", "^"])
def test_a_broken_formula_is_shown_as_it_was_written(source):
    html = to_html(f"Before ${source}$ after")

    assert "Before" in html
    assert "after" in html
    assert "<math" in html or source.replace("&", "&amp;") in html


def test_money_is_no_formula():
    assert to_html("It costs $5 and $ 6.") == "<p>It costs $5 and $ 6.</p>\n"


def test_html_is_shown_as_text():
    assert to_html("a <b>bold</b> claim") == "<p>a &lt;b&gt;bold&lt;/b&gt; claim</p>\n"


def test_links_lead_out_without_telling_from_where():
    assert to_html("[here](https://a.example/)") == (
        '<p><a href="https://a.example/" rel="noopener nofollow ugc">here</a></p>\n'
    )


def test_lists_code_and_headings_come_through():
    html = to_html("## Head\n\n- one\n- *two*\n\n`code`\n\n> quote")

    for tag in ("<h2>", "<ul>", "<li>", "<em>", "<code>", "<blockquote>"):
        assert tag in html


@pytest.mark.parametrize("source", ["", " ", "\x00", "\ufffd", "🦉"])
def test_odd_input_comes_through(source):
    assert isinstance(to_html(source), str)


def test_a_long_and_deep_input_is_no_trouble():
    assert to_html("> " * 500 + "x")
    assert to_html("[" * 5_000)
    assert to_html("$" * 5_000)
    assert to_html("*a " * 5_000)


ANN, ANN_LEE = '<strong class="mention">@Ann</strong>', '<strong class="mention">@Ann Lee</strong>'


@pytest.mark.parametrize(
    ("source", "html", "found"),
    [
        ("@Ann?", f"<p>{ANN}?</p>\n", {"ann"}),
        ("Ask @Ann Lee.", f"<p>Ask {ANN_LEE}.</p>\n", {"ann lee"}),
        ("@Ann Leeson", f"<p>{ANN} Leeson</p>\n", {"ann"}),
        ("(@ANN)", '<p>(<strong class="mention">@ANN</strong>)</p>\n', {"ann"}),
        ("@Anna", "<p>@Anna</p>\n", set()),
        ("x@Ann", "<p>x@Ann</p>\n", set()),
        ("`@Ann`", "<p><code>@Ann</code></p>\n", set()),
        ("    @Ann", "<pre><code>@Ann\n</code></pre>\n", set()),
        (
            "@<b>",
            '<p><strong class="mention">@&lt;b&gt;</strong></p>\n',
            {"<b>"},
        ),
    ],
)
def test_the_longest_name_after_an_at_sign_is_a_mention(source, html, found):
    names = ["Ann", "Ann Lee", "<b>"]

    assert to_html_with_mentions(source, names=names) == (html, found)


def test_a_link_mentions_nobody():
    html, found = to_html_with_mentions("[@Ann](https://a.example)", names=["Ann"])

    assert not found
    assert "strong" not in html


def test_a_text_gets_no_class_of_its_own_choice():
    assert "class" not in to_html('<strong class="mention">@Ann</strong> **@Ann**').replace(
        '&lt;strong class="mention"&gt;', ""
    )
