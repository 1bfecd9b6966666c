"""A link to a file of the repository leads to its source there.

In a notebook such a link is relative and opens the file; a page would offer a copy of
it to download.
"""

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict:
    app.connect("doctree-read", lead_home, priority=400)  # before files are collected
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def lead_home(app: Sphinx, doctree: nodes.document) -> None:
    for link in list(doctree.findall(addnodes.download_reference)):
        path = Path(app.env.relfn2path(link["reftarget"])[1]).resolve()
        address = sources(app) + path.relative_to(Path(app.srcdir).resolve()).as_posix()
        for words in link.children:
            words["classes"] = []  # the theme draws an arrow beside a download
        link.replace_self(nodes.reference("", "", *link.children, refuri=address))


def sources(app: Sphinx) -> str:
    """Where the repository's files can be read, with a slash at the end."""
    options = app.config.html_theme_options
    return f"{options['repository_url']}/blob/{options['repository_branch']}/"
