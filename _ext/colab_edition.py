"""The Colab edition of each chapter, behind its page's download button: tools.colab.

It is made when the pages have been written, with the references as Sphinx resolved
them for the page. The Colab button opens the branch to which it is published.
"""

import re
from pathlib import Path
from urllib.parse import urljoin

import nbformat
from docutils import nodes
from markdown_it.renderer import RendererHTML
from myst_parser.parsers.mdit import create_md_parser
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging

from _ext.source_links import sources
from tools.address import published
from tools.colab import BRANCH
from tools.colab.notebook import NotPlain, edition
from tools.colab.page import Page, notes_places

LOG = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", open_edition, priority=900)  # after the theme
    app.connect("build-finished", write_editions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def open_edition(app: Sphinx, page: str, template: str, context: dict, doctree):
    """Let the button for Colab open the branch of the editions."""
    branch = app.config.html_theme_options["repository_branch"]
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("text") == "Colab":
                old, new = f"/blob/{branch}/", f"/blob/{BRANCH}/"
                button["url"] = button["url"].replace(old, new, 1)


def write_editions(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    for name in sorted(app.env.found_docs):
        path = Path(app.env.doc2path(name))
        if path.suffix != ".ipynb":
            continue
        target = Path(app.outdir, "_sources", f"{name}.ipynb")
        try:
            made = edition(nbformat.read(path, as_version=4), page_of(app, name))
            nbformat.write(made, target)
        except NotPlain as unknown:
            LOG.warning(f"{name}.ipynb, {unknown}")


def page_of(app: Sphinx, name: str) -> Page:
    """The chapter's page, with all that stands for a role in it."""
    home = published(app.config.html_theme_options["repository_url"])
    address = f"{home}{name}.html"
    doctree = app.env.get_doctree(name)
    pending = list(doctree.findall(addnodes.pending_xref))
    roles = {node.rawsource: node for node in pending if node.rawsource}
    anchors = {f"#{n['reftarget']}": n for n in pending if n.get("refdomain") is None}
    labels = labelled(doctree)
    numbers = {label: reference(label, kind, name) for label, kind in labels.items()}
    resolved = resolve(app, name, doctree, roles | anchors | numbers)
    return Page(
        address,
        sources(app),
        notes_places(create_md_parser(app.env.myst_config, RendererHTML)),
        references={key: markdown(resolved[key], address) for key in roles},
        numbers={label: resolved[label].astext() for label in labels},
        elsewhere={key: address_in(resolved[key], address) for key in anchors},
    )


def labelled(doctree: nodes.document) -> dict[str, str]:
    """Labels of equations and figures, with the role that gives their number."""
    equations = (one.get("label") for one in doctree.findall(nodes.math_block))
    figures = (label for one in doctree.findall(nodes.figure) for label in one["names"])
    return {name: "eq" for name in equations if name} | dict.fromkeys(figures, "numref")


def reference(label: str, kind: str, page: str) -> addnodes.pending_xref:
    """As the role ``kind`` (eq or numref) would make it."""
    look = {"reftype": kind, "reftarget": label, "refdoc": page, "refexplicit": False}
    domain = {"eq": "math", "numref": "std"}[kind]
    return addnodes.pending_xref(
        "", nodes.literal("", label), refdomain=domain, refwarn=True, **look
    )


def resolve(app: Sphinx, name: str, doctree: nodes.document, wanted: dict) -> dict:
    """The same references as Sphinx would put them into the page, by their keys."""
    places = {key: nodes.paragraph("", "", n.deepcopy()) for key, n in wanted.items()}
    doctree.children = []
    doctree += list(places.values())
    app.env.resolve_references(doctree, name, app.builder)
    return places


def markdown(node: nodes.Node, address: str) -> str:
    """Words with their links, which lead on from this address."""
    if isinstance(node, nodes.Text):
        return re.sub(r"([\\`*_\[\]$|<])", r"\\\1", node.astext())
    inner = "".join(markdown(child, address) for child in node.children)
    match node:
        case nodes.reference():
            return f"[{inner}]({address_in(node, address)})"
        case nodes.emphasis():
            return f"*{inner}*"
        case nodes.literal():
            return f"`{node.astext()}`"
        case nodes.math():
            return f"${node.astext()}$"
        case nodes.inline() | nodes.paragraph():
            return inner
    raise NotImplementedError(f"{address}: {node}")


def address_in(node: nodes.Element, address: str) -> str:
    """Where the reference leads that ``node`` is or holds."""
    link = next(node.findall(nodes.reference))
    return urljoin(address, link.get("refuri") or f"#{link['refid']}")
