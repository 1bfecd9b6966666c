"""Where a heading of a chapter stands in the book's pages."""

from myst_parser.mdit_to_docutils.base import default_slugify
from sphinx.environment import BuildEnvironment


def slug(heading: str) -> str:
    """The name by which MyST links a heading, written as in the chapter.

    >>> slug("Shapes: one formula, used `five` times")
    'shapes-one-formula-used-five-times'
    """
    return default_slugify(heading.replace("`", ""))


def place(env: BuildEnvironment, chapter: str, heading: str) -> tuple[str, str]:
    """Its address, seen from the chapters, and its words after the chapter's title.

    Raises:
        KeyError: the chapter or the heading is not in the book.
    """
    page = f"chapters/{chapter}"
    _, anchor, words = env.metadata[page]["myst_slugs"][slug(heading)]
    return f"{chapter}.html#{anchor}", f"{env.titles[page].astext()}: {words}"
