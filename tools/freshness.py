"""Do a chapter's stored outputs belong to the code that stands there now?

``tools.execute`` stamps a chapter with fingerprints of its code cells and of every
file of the book that was imported or read while it ran; ``stale`` compares them
with what is there now. Comments, docstrings and layout of an imported module may
change freely: they change no output.
"""

import ast
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "chapters"
TRACKED = (
    "lenet_helpers",
    "lenet_course",
    "experiments",
)  # what a chapter's outputs depend on
STAMP = "lenet"  # the key in the notebook's metadata
FIRST_CELL = "# Finds the book's helpers"  # how that cell begins in every chapter


def fingerprint(content: str | bytes) -> str:
    """Twelve hexadecimal digits that stand for a content.

    >>> fingerprint("LeNet")
    '077e44c7048a'
    """
    if isinstance(content, str):
        content = content.encode()
    return hashlib.sha256(content).hexdigest()[:12]


def meaning(source: str) -> str:
    """A module's syntax tree as text, without comments, docstrings and layout.

    Nor with the table of a package's face (``lazy.face``): that names modules, and the
    one that was used is tracked itself.

    >>> meaning("x = 1  # one") == meaning("'''Doc.'''\\nx = (1)")
    True
    """
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not _is_face(node)]
    return _text(tree)


def _is_face(node: ast.stmt) -> bool:
    value = getattr(node, "value", None)
    return isinstance(value, ast.Call) and ast.unparse(value.func) == "lazy.face"


def _text(node: object) -> str:
    # Not ast.dump: what that prints of empty fields differs between Pythons.
    if isinstance(node, list):
        return "[" + ",".join(map(_text, node)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
        fields["body"] = node.body[ast.get_docstring(node) is not None :]
    inside = (f"{k}={_text(v)}" for k, v in fields.items() if v not in (None, []))
    return f"{type(node).__name__}({','.join(inside)})"


def load(path: Path) -> dict:
    """A notebook as nbformat would read it, by the standard library alone."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def code_fingerprint(notebook: dict) -> str:
    """Of all code cells as they stand, comments included.

    But for the one that finds the helpers: it prints nothing, and holds an address
    that a fork changes.
    """
    code = (c["source"] for c in notebook["cells"] if c["cell_type"] == "code")
    return fingerprint("\0".join(s for s in code if not s.startswith(FIRST_CELL)))


def file_fingerprint(name: str, *, as_text: bool = False) -> str:
    """Of a file named from the repository's root; a module's counts by meaning.

    ``as_text`` is for a module whose source itself was read (and so may be shown).
    """
    content = (ROOT / name).read_bytes()
    if name.endswith(".py") and not as_text:
        return fingerprint(meaning(content.decode()))
    return fingerprint(content)


def stamp(notebook: dict, facts: dict, seconds: float) -> dict:
    """What to store in the notebook, from what the probe in its kernel noted."""
    read = _of_the_book(facts["read"])
    if any("load_pretrained" in cell["source"] for cell in notebook["cells"]):
        # safetensors opens its file outside Python, where no probe sees it.
        read |= _of_the_book((ROOT / "lenet_helpers/weights").glob("*.safetensors"))
    imported = _of_the_book(facts["imported"]) - read
    files = {name: file_fingerprint(name) for name in imported}
    # The mark "text:" says that every character of the file counts.
    files |= {f"text:{name}": file_fingerprint(name, as_text=True) for name in read}
    return {
        "code": code_fingerprint(notebook),
        "files": dict(sorted(files.items())),
        "seconds": round(seconds),
        **{key: facts[key] for key in ("data", "device", "python", "torch")},
    }


def _of_the_book(paths: Iterable[str | Path]) -> set[str]:
    tracked = [ROOT / folder for folder in TRACKED]
    return {
        path.relative_to(ROOT).as_posix()
        for path in map(Path, paths)
        if any(path.is_relative_to(folder) for folder in tracked)
        and "__pycache__" not in path.parts
        and path.is_file()
    }


def stale(notebook: dict) -> list[str]:
    """Why the outputs are not those of the present code; empty if they are."""
    stored = notebook["metadata"].get(STAMP)
    if stored is None:
        return ["it carries no stamp: run it with `make execute`"]
    reasons = []
    if stored["code"] != code_fingerprint(notebook):
        reasons.append("its code cells have changed")
    for entry, before in stored["files"].items():
        name = entry.removeprefix("text:")
        if not (ROOT / name).is_file():
            reasons.append(f"{name} is gone")
        elif file_fingerprint(name, as_text=entry != name) != before:
            reasons.append(f"{name} has changed")
    return reasons
