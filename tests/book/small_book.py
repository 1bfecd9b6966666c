"""A book of one page, built with one of the extensions in ``_ext``."""

from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace


def built(folder, text: str, extension: str, myst=()) -> tuple[BeautifulSoup, str]:
    """A page of a book of its own, two folders down, and the warnings."""
    page = folder / "source" / "one" / "two" / "page.md"
    page.parent.mkdir(parents=True)
    page.write_text("# Page\n\n" + text, encoding="utf-8")
    settings = {
        "extensions": ["myst_parser", extension],
        # Sphinx adds an extension's own to a default that all books of a process share.
        "source_suffix": {".md": "markdown"},
        "myst_enable_extensions": ["colon_fence", *myst],
        "root_doc": "one/two/page",
    }
    out, warnings = folder / "out", (folder / "warnings").open("w+")
    with docutils_namespace(), warnings:
        paths = folder / "source", None, out, folder / "trees", "html", settings
        Sphinx(*paths, status=None, warning=warnings).build()
        warnings.seek(0)
        said = warnings.read()
    html = (out / "one" / "two" / "page.html").read_text(encoding="utf-8")
    return BeautifulSoup(html, "html.parser"), said
