"""The directive ``{exercise-index}``: every exercise of the book, with its heading.

It reads the notebooks as they are stored: the heading above each call of
``exercises.check``, and whether the verdict below it lets the page ask (ask.js).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from docutils import nodes
from myst_parser.mdit_to_docutils.base import default_slugify
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.freshness import CHAPTERS, load

CALL = re.compile(r"\bexercises\.check\(\s*[\"']([a-z0-9_.-]+)[\"']")
HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """One exercise: its id, the heading above it, and whether the page asks it."""

    id: str
    heading: str
    typed: bool


class ExerciseIndex(SphinxDirective):
    """Their number, and a list under the title of each chapter that has some."""

    def run(self) -> list[nodes.Node]:
        paths = sorted(CHAPTERS.glob("*.ipynb"))
        found = {path: entries(load(path)) for path in paths}
        for path in paths:
            self.env.note_dependency(str(path))
        everything = [entry for some in found.values() for entry in some]
        typed = sum(entry.typed for entry in everything)
        count = f"{len(everything)} exercises; {typed} are answered in the page."
        sections = "".join(
            section(path.name, title(load(path)), some)
            for path, some in found.items()
            if some
        )
        return [
            *self.parse_text_to_nodes(count),
            *self.parse_text_to_nodes(sections, allow_section_headings=True),
        ]


def entries(notebook: dict) -> list[Entry]:
    """The exercises of a chapter, in its order, each once."""
    found, heading = {}, ""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            heading = (HEADING.findall(cell["source"]) or [heading])[-1]
        elif cell["cell_type"] == "code":
            for id in CALL.findall(cell["source"]):
                typed = any("data-form=" in html for html in shown(cell))
                found.setdefault(id, Entry(id, heading, typed))
    return list(found.values())


def shown(cell: dict) -> Iterator[str]:
    """What the cell's outputs put into the page as HTML."""
    for output in cell["outputs"]:
        yield "".join(output.get("data", {}).get("text/html", ""))


def title(notebook: dict) -> str:
    """The chapter's first heading."""
    return HEADING.search(notebook["cells"][0]["source"])[1]


def section(file: str, title: str, some: list[Entry]) -> str:
    """Markdown that links each exercise to its heading in the chapter's page."""
    lines = "".join(
        f"- [{name(one)}](../{file}#{default_slugify(one.heading)}){how(one)}\n"
        for one in some
    )
    return f"## {title}\n\n{lines}\n"


def name(one: Entry) -> str:
    """The heading without the word that most of them begin with."""
    said = one.heading.removeprefix("Exercise: ")
    return said[0].upper() + said[1:]


def how(one: Entry) -> str:
    return ", typed in the page" if one.typed else ""


def setup(app: Sphinx) -> dict:
    app.add_directive("exercise-index", ExerciseIndex)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
