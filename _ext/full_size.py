"""A figure leads to itself at full size, for a phone shows it at less than half.

A plain link without scripts; _static/full-size.js shows it over the page.
"""

import re

from sphinx.application import Sphinx

# The first group: the picture is part of a link already.
PICTURE = re.compile(
    r'(<a [^>]*>\s*)?<img (?=[^>]*\balt="[^"])'
    r'[^>]*?\bsrc="([^"]*\b_images/[^"]+)"[^>]*>'
)


def setup(app: Sphinx) -> dict:
    app.add_js_file("full-size.js")
    app.connect("html-page-context", link, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def link(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    if body := context.get("body"):
        context["body"] = PICTURE.sub(linked, body)


def linked(picture: re.Match) -> str:
    """The picture with a link to itself around it, unless it has another one.

    >>> linked(PICTURE.search('<img alt="A map" src="../_images/a.webp" />'))[:52]
    '<a class="full-size" href="../_images/a.webp" title='
    """
    if picture[1]:
        return picture[0]
    marks = f'class="full-size" href="{picture[2]}" title="At full size"'
    return f"<a {marks}>{picture[0]}</a>"
