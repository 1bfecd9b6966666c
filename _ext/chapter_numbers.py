"""A chapter's number, which is that of its file, in the contents and over its title.

Sphinx's own numbers would start from 1 and stand before each figure as well.
"""

import re
from collections.abc import Callable
from copy import copy

from sphinx.application import Sphinx

CHAPTER = re.compile(r"(?:^|/)0*(\d+)-[^/]+$")


def setup(app: Sphinx) -> dict:
    # After the theme, which makes the contents.
    app.connect("html-page-context", number_chapters, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def number_chapters(app: Sphinx, page: str, template: str, context: dict, doctree):
    if found := CHAPTER.search(page):
        # book.css writes it there, so that the title itself stays what it is.
        title = f'<h1 data-chapter="{found[1]}">'
        context["body"] = context["body"].replace("<h1>", title, 1)
    if contents := context.get("generate_toctree_html"):
        context["generate_toctree_html"] = numbered(contents, page)


def numbered(contents: Callable, page: str) -> Callable:
    """The theme's function, with numbers before the chapters that it names."""

    def made(*args, **options):
        soup = copy(contents(*args, **options))  # the theme keeps what it made
        for link in soup.select("a.internal[href]"):
            at = page if link["href"] == "#" else link["href"].removesuffix(".html")
            if number := CHAPTER.search(at):
                link.insert(0, f"{number[1]}. ")
        return soup

    return made
