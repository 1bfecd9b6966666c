r"""The bank's Markdown as HTML with \( formulas \), for Anki and the mock interview.

Needs markdown-it-py and mdit-py-plugins, which come with the book's own parser.
"""

from functools import cache
from html import escape

from lenet_course.interview.entry import Figure


@cache
def _parser():
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    # Tags in a text are shown as they are written.
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return parser.use(dollarmath_plugin, renderer=_formula, allow_space=True)


def _formula(tex: str, options: dict) -> str:
    left, right = (r"\[", r"\]") if options.get("display_mode") else (r"\(", r"\)")
    return f"{left}{escape(tex.strip())}{right}"


def said(text: str) -> str:
    r"""Spoken words, a paragraph a block; "156. Six maps" begins no list.

    >>> said("156. It is $<$ 200.")
    '<p>156. It is <span class="math inline">\\(&lt;\\)</span> 200.</p>'
    """
    return "".join(f"<p>{inline(part)}</p>" for part in text.split("\n\n"))


def drawing(figure: Figure | None, language: str, source: str) -> str:
    """A figure that is found at ``source``, or nothing where there is none.

    >>> drawing(None, "en", "")
    ''
    """
    if figure is None:
        return ""
    alt = escape(figure.alt[language])
    return f'<p class="q-figure"><img src="{escape(source)}" alt="{alt}"></p>'


def inline(text: str) -> str:
    """Words in a line.

    >>> inline("`view` <b>")
    '<code>view</code> &lt;b&gt;'
    """
    return _parser().renderInline(text)


def blocks(text: str) -> str:
    """Paragraphs, tables, code.

    >>> blocks("One.")
    '<p>One.</p>'
    """
    return _parser().render(text).strip()
