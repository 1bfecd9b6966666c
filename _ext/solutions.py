"""Hints and solutions in the page: code in colours, formulas as formulas.

What a notebook stores of them is plain (lenet_course/html.py), for it must read well in
Jupyter and Colab, too. A longer solution comes in pieces, one for each statement, which
_static/solutions.js uncovers one by one; without it they stand there as a whole.
"""

import ast
import re
from functools import partial
from html import unescape

from sphinx.application import Sphinx

from _ext.formulas import set_formulas

FOLD = re.compile(r'<details class="lx".*?</details>', re.DOTALL)
CODE = re.compile(r'<pre tabindex="0"([^>]*)><code>(.*?)</code></pre>', re.DOTALL)
PARAGRAPH = re.compile(r"<p>.*?</p>", re.DOTALL)
# What stands between tags, but not in code.
TEXT = re.compile(r"<code>.*?</code>|<[^>]*>|([^<]+)", re.DOTALL)


def setup(app: Sphinx) -> dict:
    app.add_js_file("solutions.js")
    app.connect("html-page-context", show_well, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def show_well(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    if body := context.get("body"):
        context["body"] = FOLD.sub(partial(_fold, app.builder.highlighter), body)


def _fold(highlighter, fold: re.Match) -> str:
    html = CODE.sub(partial(_coloured, highlighter), fold[0])
    return PARAGRAPH.sub(lambda words: TEXT.sub(_with_formulas, words[0]), html)


def _coloured(highlighter, block: re.Match) -> str:
    code = unescape(block[2])
    try:
        begins = _pieces(ast.parse(code))
    except SyntaxError:  # what a program printed, say
        return block[0]
    html = highlighter.highlight_block(code, "python").rstrip()
    if len(begins) > 2:
        html = _in_pieces(html, begins)
    return html.replace("<pre>", f'<pre tabindex="0"{block[1]}>', 1)


def _pieces(tree: ast.Module) -> list[int]:
    """The lines, from 0, at which a piece begins: each definition, each statement."""
    begins = []
    for statement in tree.body:
        inner = getattr(statement, "body", []) if hasattr(statement, "name") else []
        # What a definition begins with stands on its own line.
        begins += [first.lineno - 1 for first in (statement, *inner)]
    return sorted({0, *begins})


def _in_pieces(html: str, begins: list[int]) -> str:
    """Each piece in a span of its own: Pygments lets no colour go beyond a line."""
    before, code, after = re.fullmatch(
        r"(.*?<pre>(?:<span></span>)?)(.*)(</pre>.*)", html, re.DOTALL
    ).groups()
    lines = code.splitlines(keepends=True)
    ends = [*begins[1:], len(lines)]
    pieces = ("".join(lines[a:b]) for a, b in zip(begins, ends))
    return before + "".join(f'<span class="piece">{p}</span>' for p in pieces) + after


def _with_formulas(text: re.Match) -> str:
    return set_formulas(text[1]) if text[1] else text[0]
