"""The directive ``{exercise-index}``: every exercise of the book, with its heading.

It reads the notebooks as they are stored: the heading above each call of
``exercises.check``, and whether the verdict below it lets the page ask (ask.js).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from _ext.headings import slug
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
        sections = [self.section(path, some) for path, some in found.items() if some]
        return [nodes.paragraph("", count), *sections]

    def section(self, path: Path, some: list[Entry]) -> nodes.section:
        """The chapter's number and title, and a link to each of its exercises."""
        name = f"exercises-{path.stem}"
        content = self.parse_text_to_nodes(links(path.name, some))
        heading = nodes.title("", f"{int(path.stem[:2])}. {title(load(path))}")
        section = nodes.section("", heading, *content, ids=[name], names=[name])
        self.state.document.note_explicit_target(section, section)
        return section


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


def links(file: str, some: list[Entry]) -> str:
    """Markdown that leads to the heading of each exercise in the chapter's page."""
    return "".join(
        f"- [{name(one)}](../{file}#{slug(one.heading)}){how(one)}\n" for one in some
    )


def name(one: Entry) -> str:
    """The heading without the word that most of them begin with."""
    said = one.heading.removeprefix("Exercise: ")
    return said[0].upper() + said[1:]


def how(one: Entry) -> str:
    return ", typed in the page" if one.typed else ""


def setup(app: Sphinx) -> dict:
    app.add_directive("exercise-index", ExerciseIndex)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
