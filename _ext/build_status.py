"""The directive ``{build-status}``: what every chapter and long run was made with.

It reads the stamps that tools/execute.py left in the notebooks, and the records in
experiments/results.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.freshness import CHAPTERS, ROOT, STAMP, load, stale


class BuildStatus(SphinxDirective):
    """Two tables, made anew when a notebook or a result has changed."""

    def run(self) -> list[nodes.Node]:
        chapters = sorted(CHAPTERS.glob("*.ipynb"))
        results = sorted((ROOT / "experiments" / "results").glob("*.json"))
        for path in [*chapters, *results]:
            self.env.note_dependency(str(path))
        text = chapter_table(chapters)
        if results:
            text += "\n\n**Long runs**\n\n" + result_table(results)
        return self.parse_text_to_nodes(text)


def chapter_table(paths: list[Path]) -> str:
    rows = []
    for path in paths:
        notebook = load(path)
        made = notebook["metadata"].get(STAMP, {})
        fresh = "older than the code" if stale(notebook) else "of the present code"
        keys = ("seconds", "data", "device", "python", "torch")
        link = f"[{path.stem}](../{path.name})"
        rows.append([link, *(str(made.get(key) or "–") for key in keys), fresh])
    head = ["Chapter", "Seconds", "Data", "Device", "Python", "PyTorch", "Outputs"]
    return table(head, rows)


def result_table(paths: list[Path]) -> str:
    rows = []
    for path in paths:
        record = json.loads(path.read_text(encoding="utf-8"))
        machine = record.get("machine", {})
        device = machine.get("gpu") or machine.get("cpu", "–")
        version = machine.get("torch", "–").partition("+")[0]
        commands = ", ".join(f"`{one}`" for one in record.get("commands", [])) or "–"
        commit, date = record.get("commit") or "–", record.get("date", "–")
        rows.append([f"`{path.name}`", commands, commit, date, device, version])
    return table(["Record", "Made by", "Commit", "Date", "Device", "PyTorch"], rows)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def setup(app: Sphinx) -> dict:
    app.add_directive("build-status", BuildStatus)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
