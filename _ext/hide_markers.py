"""Lines that speak to a test, such as ``# NBVAL_CHECK_OUTPUT``, are not shown."""

from docutils import nodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict:
    app.connect("doctree-read", hide)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def hide(app: Sphinx, doctree: nodes.document) -> None:
    for block in doctree.findall(nodes.literal_block):
        lines = block.astext().splitlines()
        kept = [line for line in lines if not line.startswith("# NBVAL_")]
        if len(kept) < len(lines):
            text = "\n".join(kept)
            block.rawsource = text
            block.children = [nodes.Text(text)]
