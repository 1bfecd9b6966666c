"""The directive ``{widget}``: a live part of a page, and its scripts in their order.

    :::{widget} drills
    What stands here where scripts are off; a notebook shows these words as text.
    :::

The scripts lie in web/, or the build writes them there (interview_files, drill_files).
Their addresses are relative, so that a page works without a server.
"""

from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

STYLE = "web.css"


class Widget(NamedTuple):
    """The start of its ``div``, and files of web/ in the order in which they run.

    The last one fills the ``div``, which has to stand before it.
    """

    mount: str
    scripts: list[str]


WIDGETS = {
    "calculator": Widget(
        '<div class="lenet-calculator" data-preset="lenet5">',
        ["draw.js", "shapes.js", "calculator.js"],
    ),
    "drills": Widget(
        '<div class="lenet-drills">',
        ["draw.js", "drills-bank.js", "drills.js", "trainer.js"],
    ),
    "interview": Widget(
        '<div class="lenet-interview">',
        ["draw.js", "drills.js", "interview-bank.js", "bank.js", "voice.js"]
        + ["asking.js", "history.js", "interview.js"],
    ),
    "pad": Widget(
        '<div id="lenet-pad">',
        ["draw.js", "lenet.js", "own-weights.js", "weights.js"]
        + ["preprocess.js", "digits.js", "loupe.js", "maps.js"]
        + ["pad-strokes.js", "pad-reading.js", "pad-sheet.js", "pad-answer.js"]
        + ["pad-stops.js", "pad-tour.js", "pad-break.js", "pad.js"],
    ),
    "practice": Widget(
        '<div class="lenet-practice">',
        ["draw.js", "interview-bank.js", "bank.js", "voice.js", "asking.js"]
        + ["history.js", "practice.js"],
    ),
    "take-along": Widget(
        '<div class="lenet-take-along">', ["draw.js", "take-along.js"]
    ),
    "train": Widget(  # what it names is fetched when the reader asks for it
        '<div class="lenet-train" data-digits="bundled-digits.js" data-pad="weights.js'
        " preprocess.js digits.js loupe.js maps.js pad-strokes.js pad-reading.js"
        " pad-sheet.js pad-answer.js pad-stops.js pad-tour.js pad-break.js"
        ' pad.js">',
        ["draw.js", "drills.js", "lenet.js", "own-weights.js"]
        + ["train-layers.js", "train-net.js", "train-run.js"]
        + ["train-settings.js", "train-view.js", "train.js"],
    ),
}


class WidgetHere(SphinxDirective):
    """One widget, once a page; files that it shares with another are loaded once."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in WIDGETS:
            raise self.error(f"no widget {name!r}; there are {', '.join(WIDGETS)}")
        mount, scripts = WIDGETS[name]
        loaded = self.env.temp_data.setdefault("widget files", [])  # of this page
        if scripts[-1] in loaded:
            raise self.error(f"the widget {name!r} stands on this page already")
        fresh = [file for file in (STYLE, *scripts) if file not in loaded]
        loaded += fresh
        up = "../" * self.env.docname.count("/")
        tags = "".join(tag(f"{up}web/{file}") for file in fresh)
        words = self.parse_content_to_nodes()
        return [raw(f"{mount}<noscript>"), *words, raw(f"</noscript></div>\n{tags}")]


def tag(address: str) -> str:
    if address.endswith(".css"):
        return f'<link rel="stylesheet" href="{address}">\n'
    return f'<script defer src="{address}"></script>\n'


def raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


def setup(app: Sphinx) -> dict:
    app.add_directive("widget", WidgetHere)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
