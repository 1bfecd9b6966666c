"""A page in another language says so to screen readers: ``language:`` at its top."""

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mark(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """The text is marked, not the page: what is around it stays English."""
    if language := app.env.metadata.get(page, {}).get("language"):
        context["body"] = f'<div lang="{language}">{context["body"]}</div>'
