"""Hints and solutions in the page: code in colours, formulas as formulas.

What a notebook stores of them is plain (lenet_course/html.py), for it must read well in
Jupyter and Colab, too.
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
        ast.parse(code)
    except SyntaxError:  # what a program printed, say
        return block[0]
    html = highlighter.highlight_block(code, "python").rstrip()
    return html.replace("<pre>", f'<pre tabindex="0"{block[1]}>', 1)


def _with_formulas(text: re.Match) -> str:
    return set_formulas(text[1]) if text[1] else text[0]
