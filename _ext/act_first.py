"""The directives ``{predict}`` and ``{order}``: lenet_course/act_first.py.

What they put into the page reads without a script: a question, numbered lines, and the
answer folded. _static/act-first.js lets the reader act.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from _ext.questions import Box, box, paragraph
from lenet_course.act_first import TITLES, ContentError, read


class ActFirst(SphinxDirective):
    """One box; its name is the kind."""

    has_content = True
    option_spec = {"right": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        try:
            right = self.options.get("right", "")
            task = read(self.name, right, "\n".join(self.content))
        except ContentError as error:
            raise self.error(str(error)) from error
        title = paragraph("admonition-title", nodes.Text(TITLES[task.kind]))
        summary = box("summary", "", nodes.Text("Answer"))
        answer = box("details", "", summary, *self.parse_text_to_nodes(task.answer))
        words = self.parse_text_to_nodes(f"{task.asked}\n\n{task.list}")
        ways = ",".join(" ".join(map(str, way)) for way in task.right)
        marks = {"data-act": task.kind, "data-right": ways, "data-id": task.id}
        classes = ["admonition", "act-first"]
        content = [title, *words, answer]
        return [Box("", *content, tag="div", classes=classes, attributes=marks)]


def setup(app: Sphinx) -> dict:
    app.setup_extension("_ext.questions")  # which writes a Box
    for kind in TITLES:
        app.add_directive(kind, ActFirst)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
