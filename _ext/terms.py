"""A term of the glossary explains itself where a chapter uses it.

Its link carries the two names and the definition as its description; book.css shows
that on hover and on keyboard focus, without a script. _static/terms.js adds Escape and
what a touch screen needs.
"""

import re
from functools import cache
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

LINK = re.compile(
    r'<a class="(reference internal" href="[^"]*#([^"#]+)")'
    r'(?=[^>]*><span class="xref std std-term">)'
)


def setup(app: Sphinx) -> dict:
    app.add_js_file("terms.js")
    app.connect("html-page-context", explain, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def explain(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    def described(link: re.Match) -> str:
        said = escape(definitions(app.env)[link[2]])
        return f'<a aria-description="{said}" class="term {link[1]}'

    if body := context.get("body"):
        context["body"] = LINK.sub(described, body)


@cache
def definitions(env: BuildEnvironment) -> dict[str, str]:
    """What the book's glossary says, by the anchor that a link to a term names."""
    objects = env.get_domain("std").get_objects()
    pages = sorted({page for _, _, kind, page, _, _ in objects if kind == "term"})
    found = {}
    for item in (item for page in pages for item in entries(env, page)):
        *terms, definition = item.children
        names = " · ".join(term.astext() for term in terms)
        said = f"{names}: {plain(definition)}"
        found |= {anchor: said for term in terms for anchor in term["ids"]}
    return found


def entries(env: BuildEnvironment, page: str) -> list[nodes.Element]:
    lists = env.get_doctree(page).findall(nodes.definition_list)
    return [item for one in lists if "glossary" in one["classes"] for item in one]


def plain(node: nodes.Node) -> str:
    """Its words on one line, with formulas as one would type them."""
    copy = node.deepcopy()
    for formula in list(copy.findall(nodes.math)):
        formula.replace_self(nodes.Text(typed(formula.astext())))
    return " ".join(copy.astext().split())


def typed(tex: str) -> str:
    r"""A simple formula without TeX.

    >>> typed(r"-\tanh(\tfrac23 a) + e^{-a}")
    '−tanh(2/3 a) + e^(−a)'
    """
    tex = re.sub(r"\\tfrac(\d)(\d)", r"\1/\2", tex)
    tex = re.sub(r"(\d)\\([a-z])", r"\1 \2", tex)
    return tex.translate(str.maketrans("{}-", "()−", "\\"))
