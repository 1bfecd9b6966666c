"""Hints and solutions in the page: formulas are formulas, code has colours."""

import re
from html import unescape
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from sphinx.highlighting import PygmentsBridge

from _ext.formulas import set_formulas
from _ext.solutions import show_well
from lenet_course import html


def shape(text: str) -> str:
    """MathML in short: F(a)(b) for a fraction, ^ and _ for scripts, R for a root."""
    made = set_formulas(text).replace("<math>", "⟦").replace("</math>", "⟧")
    for tag, sign in (("frac", "F"), ("sup", "^"), ("sub", "_"), ("sqrt", "R")):
        made = made.replace(f"<m{tag}>", f"{sign}{{").replace(f"</m{tag}>", "}")
    return re.sub(r"<[^>]*>", "", made)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("spans d(k − 1) + 1 pixels", "spans ⟦d(k−1)+1⟧ pixels"),
        ("peak · (step + 1) / warmup.", "⟦peak·F{step+1warmup}⟧."),
        ("Half is t · s / √n.", "Half is ⟦t·F{sR{n}}⟧."),
        ("m̂ = m / (1 − β₁ᵗ)", "⟦m^=F{m1−^{_{β1}t}}⟧"),
        ("by zₖ is eᶻₖ / Σ eᶻ", "by ⟦_{zk}⟧ is ⟦F{^{e_{zk}}∑^{ez}}⟧"),
        ("yᵢ = Σⱼ wⱼ x₍ₛᵢ₊ⱼ₋ₚ₎", "⟦_{yi}=_{∑j}_{wj}_{x(si+j−p)}⟧"),
        ("where step &lt; warmup:", "where ⟦step&lt;warmup⟧:"),
        ("−ln(1/2) is ln 2", "⟦−ln(F{12})⟧ is ln 2"),
    ],
)
def test_a_formula_is_set_as_one(text, expected):
    assert shape(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "A 5×5 kernel and a bias, 6·25 weights.",
        "weights 1 and −1 and stride 2",
        "row i·s + k // s, column j·s + k % s",
        "out = x @ weight.T + bias",
        "field += kernel; low &lt;= 0 &lt;= high; jump *= stride",
        "F1 = 2 · right / (row sum + column sum)",
        "With shuffle=True, and/or the fan-in of C3",
        "New value: average = decay · old average + (1 − decay) · new",
    ],
)
def test_what_is_no_certain_formula_stays_as_it_is(text):
    assert set_formulas(text) == text


def shown(body: str) -> str:
    highlighter = PygmentsBridge("html")
    context = {"body": body}
    app = SimpleNamespace(builder=SimpleNamespace(highlighter=highlighter))
    show_well(app, "page", "page.html", context, None)
    return context["body"]


def test_a_solution_has_its_code_in_colours_and_every_character_of_it():
    source = "def f(x: int) -> str:\n    return 'a < b' if x else f'{x}'"
    made = shown(html.fold("Solution", html.code(source)))
    assert '<span class="k">def</span>' in made and 'tabindex="0"' in made
    plain = shown(html.fold("Solution", html.code("a < b\n  printed: 3 %")))
    assert "<span" not in plain
    words = re.sub(r"<[^>]*>", "", made).removeprefix("Solution")
    assert unescape(words).strip() == source


def test_code_in_a_sentence_and_text_outside_of_solutions_stay_as_they_are():
    box = html.fold("Hint", html.paragraphs("Use `n = 2 / k`, so n = 2."))
    assert "<code>n = 2 / k</code>, so <math>" in shown(box)
    assert shown("<p>so n = 2</p>") == "<p>so n = 2</p>"


def test_a_longer_solution_comes_statement_by_statement():
    lines = ["def f(x):", "    a = [", "        x,", "    ]", "    if a:"]
    source = "\n".join([*lines, '        a = """1', '2"""', "    return a"])
    made = BeautifulSoup(shown(html.fold("Solution", html.code(source))), "html.parser")
    words = [piece.get_text() for piece in made.select(".piece")]
    assert "".join(words).rstrip() == source == made.pre.get_text().rstrip()
    assert [w.split()[0] for w in words] == ["def", "a", "if", "return"]
    short = shown(html.fold("Solution", html.code("def f(x):\n    return x")))
    assert "piece" not in short
