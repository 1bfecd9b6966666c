"""What the chapters and the experiments' results hold, read in one way by all tests.

What ``notebook``, ``cells`` and ``results`` give is read once and shared between
tests: do not change it.
"""

import ast
import contextlib
import copy
import functools
import io
import itertools
import json
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "chapters").glob("*.ipynb"))


@functools.cache
def notebook(chapter: str) -> nbformat.NotebookNode:
    """A chapter such as ``08-training``, whole."""
    return nbformat.read(ROOT / "chapters" / f"{chapter}.ipynb", as_version=4)


def cells(chapter: str) -> dict[str, nbformat.NotebookNode]:
    """Id -> cell, in the order of the page."""
    return {cell.id: cell for cell in notebook(chapter).cells}


def sources(chapter: str) -> dict[str, str]:
    """Id -> what stands in the cell."""
    return {id: cell.source for id, cell in cells(chapter).items()}


def text(chapter: str) -> str:
    """All that is not code."""
    return "\n".join(c.source for c in cells(chapter).values() if c.cell_type != "code")


def headings(chapter: str) -> list[str]:
    """The words of its headings, down to the third level."""
    return re.findall(r"^#{1,3} (.+)$", text(chapter), re.MULTILINE)


def line(chapter: str) -> str:
    """All of it, text and code, in one line: no break hides a sentence."""
    return " ".join(word for c in cells(chapter).values() for word in c.source.split())


def cited(chapter: str) -> set[str]:
    """The keys of the sources that its text names."""
    groups = re.findall(r"\{cite:.\}`([^`]+)`", text(chapter))
    return {key for group in groups for key in group.split(",")}


@functools.cache
def bibliography() -> set[str]:
    """The keys of all sources of the book."""
    entries = (ROOT / "references.bib").read_text(encoding="utf-8")
    return set(re.findall(r"^@\w+\{([^\s,]+),", entries, re.MULTILINE))


def printed(cell: nbformat.NotebookNode) -> str:
    """What the cell wrote when the chapter was committed."""
    return "".join(output.get("text", "") for output in cell.outputs)


def names(place: str, *wanted: str, **given: object) -> dict[str, object]:
    """These definitions of a chapter, and what they are made of; nothing else is run.

    A definition is a function, a class, an import or the name of a literal, outside
    the exercises. What it uses and the chapter does not define so (a model, data) is
    missing, unless it is ``given``. A Python file, named from the root, may stand in
    for a chapter.
    """
    known, found, seen = _definitions(place), dict(given), set(given)

    def define(name: str) -> None:
        if name in known and name not in seen:
            seen.add(name)
            parts = ast.walk(known[name])
            for part in sorted({n.id for n in parts if isinstance(n, ast.Name)}):
                define(part)
            exec(compile(ast.Module([known[name]], []), place, "exec"), found)

    for name in wanted:
        assert name in known, f"{place} defines no {name}"
        define(name)
    return found


@functools.cache
def _definitions(place: str) -> dict[str, ast.stmt]:
    """Name -> the first statement that defines it."""
    if place.endswith(".py"):
        sources = [(ROOT / place).read_text(encoding="utf-8")]
    else:
        code = (c.source for c in cells(place).values() if c.cell_type == "code")
        sources = [source for source in code if "exercises.check" not in source]
    found = {}
    for node in itertools.chain(*(ast.parse(source).body for source in sources)):
        for name, statement in _defined(node):
            found.setdefault(name, statement)
    return found


def _defined(node: ast.stmt) -> list[tuple[str, ast.stmt]]:
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return [(node.name, node)]
        case ast.Import() | ast.ImportFrom():
            alone = [(a.asname or a.name.partition(".")[0], a) for a in node.names]
            return [(name, _only(node, alias)) for name, alias in alone]
        case ast.Assign(targets=[ast.Name(name)], value=value) if _literal(value):
            return [(name, node)]
    return []


def _only(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    one = copy.copy(node)
    one.names = [alias]
    return one


def _literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def run(source: str, known: dict[str, object]) -> str:
    """Run a cell among these names, which it may change; what it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(source, known)
    return out.getvalue()


@functools.cache
def results(name: str) -> dict:
    """The committed record of an experiment."""
    path = ROOT / "experiments" / "results" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))
