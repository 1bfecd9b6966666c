"""The environment in .venv: made, filled and repaired, or one sentence says what to do.

    python3 -m tools.environment requirements.txt

Any Python from 3.11 on runs this, with the standard library alone. ``.venv/.state``
says which Python made .venv, where, and what it holds. It goes before anything in
.venv changes and comes back when all of it has: if it is missing, or does not fit,
.venv is made anew. One that make did not make is moved aside, never removed.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.package_index import chosen, needed, unreachable
from tools.trouble import ROOT, Trouble, locked, run, telling

BOOK, ALL = "requirements-book.txt", "requirements.txt"  # all holds the book's part
SIZE = {BOOK: "600 MB", ALL: "6 GB"}
FULL = re.compile(r"(os error|Errno) (28|122)\b|No space left|quota exceeded", re.I)
UNFIT = re.compile(
    r"(?:Because (?=\S+ has no wheels)|No matching distribution found for )(\S+)"
)
TESTED = "3.11 to 3.13"
MARK = ".made-by-make"
PROBE = "import sys; print(sys.prefix, *sys.version_info[:2])"


def python(root: Path) -> Path:
    """The Python of the environment."""
    return root / ".venv" / "bin" / "python"


def ensure(root: Path, wanted: str, lock: int) -> None:
    """Let .venv hold what the file ``wanted`` names; quick if it does already.

    Raises:
        Trouble: it could not be made or filled; what the tools said is printed.
    """
    state = _state(root)
    if not state:
        state = _make(root, lock)
    if state["holds"].get(wanted) != _digests(root)[wanted]:
        _fill(root, wanted, state, lock)


def _state(root: Path) -> dict:
    """What .venv/.state says; empty if .venv is not what it was then."""
    try:
        state = json.loads((root / ".venv" / ".state").read_text())
        return state if state["is"] == _identity(root) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _identity(root: Path) -> str:
    """Where .venv lies and of which Python it is; empty if that does not run."""
    try:
        command = [python(root), "-I", "-c", PROBE]
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return ""
    return f"{root}: {done.stdout.strip()}" if done.returncode == 0 else ""


def _write(root: Path, state: dict) -> None:
    draft = root / ".venv" / ".state.draft"
    draft.write_text(json.dumps(state | {"since": time.time()}))
    os.replace(draft, draft.with_suffix(""))


def _digests(root: Path) -> dict[str, str]:
    """What stands in each file of requirements, with those that it takes in."""
    book, rest = ((root / name).read_bytes() for name in (BOOK, ALL))
    texts = {BOOK: book, ALL: book + rest}
    return {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}


def _make(root: Path, lock: int) -> dict:
    """An empty environment in place of whatever is there; its state, not yet written.

    Raises:
        Trouble: Python cannot make one.
    """
    venv = root / ".venv"
    if venv.is_symlink() or venv.is_file():
        venv.unlink()
    elif (venv / MARK).exists() or (venv / ".state").exists():
        print("Making .venv anew: it is unfinished or was moved.", flush=True)
        (venv / ".state").unlink(missing_ok=True)
        shutil.rmtree(venv)
    elif venv.exists():
        kept = root / f".venv-{time.time_ns()}"
        venv.rename(kept)
        print(f"Your own .venv is now {kept.name}: make fills another.", flush=True)
    venv.mkdir()
    (venv / MARK).touch()
    # Not sys.executable: in a shell where .venv is active, that has just been removed.
    base = getattr(sys, "_base_executable", None) or sys.executable
    done, words = run([base, "-m", "venv", str(venv)], lock)
    identity = done and _identity(root)
    if not identity:
        raise Trouble(_why_no_venv(words, base), words)
    return {"is": identity, "holds": {}}


def _why_no_venv(words: str, base: str) -> str:
    if FULL.search(words):
        return "The disk is full: free some space, then make again."
    if "ensurepip" in words or "No module named" in words:
        return (
            f"{base} cannot make a virtual environment. "
            "On Debian and Ubuntu: apt-get install python3-venv"
        )
    return f"{base} could not make the virtual environment .venv; it says why above."


def _fill(root: Path, wanted: str, state: dict, lock: int) -> None:
    """Install what ``wanted`` names: by uv, which is quick; else by pip, from nothing.

    Raises:
        Trouble: neither could.
    """
    print(f"Installing {wanted} into .venv", flush=True)
    (root / ".venv" / ".state").unlink(missing_ok=True)
    index = chosen(python(root))
    said = by_uv = _by_uv(root, wanted, index, lock)
    if said and not FULL.search(said) and not unreachable(index):
        state = _make(root, lock)
        said = _pip(root, lock, "--quiet", "--requirement", str(root / wanted))
    said = said or _missing(root, wanted)
    if FULL.search(said):
        raise Trouble(f"The disk is full: {SIZE[wanted]} are needed, then make.", said)
    if said and (reason := unreachable(index)):
        _write(root, state)  # both fetch all before they install any
        raise Trouble(needed(index, reason), said)
    if said and (package := UNFIT.search(said + by_uv)):
        raise Trouble(_unfit(package[1]), said)
    if said:
        raise Trouble(f"{wanted} was not installed; the lines above say why.", said)
    known = _digests(root)
    new = known if wanted == ALL else {wanted: known[wanted]}
    _write(root, state | {"holds": state["holds"] | new})


def _unfit(package: str) -> str:
    version = ".".join(platform.python_version_tuple()[:2])
    return (
        f"The package index has no {package} for Python {version} on "
        f"{platform.system()} {platform.machine()}. With Python {TESTED} the book is "
        "tested: make PYTHON=python3.12 takes one. If yours is one of them, "
        "chapters/back/setup.md says what this machine can run; make book needs no "
        "PyTorch."
    )


def _by_uv(root: Path, wanted: str, index: str, lock: int) -> str:
    """Empty if all went well, else what uv or pip said."""
    if said := _pip(root, lock, "--quiet", "--quiet", "--retries", "1", "uv"):
        return said
    command = [str(python(root)), "-m", "uv", "pip", "install", "--quiet"]
    command += ["--python", str(python(root)), "--requirement", str(root / wanted)]
    # A mirror that pip was told to use serves uv as well.
    done, words = run(command, lock, {"UV_DEFAULT_INDEX": index} if index else {})
    return "" if done else words or "uv failed"


def _pip(root: Path, lock: int, *arguments: str) -> str:
    command = [str(python(root)), "-m", "pip", "--disable-pip-version-check"]
    # A setting in a file (user = true) would lead out of .venv.
    done, words = run([*command, "install", *arguments], lock, {"PIP_USER": "0"})
    return "" if done else words or "pip failed"


def _missing(root: Path, wanted: str) -> str:
    """Which packages went elsewhere, as a ``target`` in pip's configuration asks."""
    names = re.findall(r"^[a-z][\w-]*", (root / wanted).read_text(), re.M)
    code = f"from importlib.metadata import version\nfor n in {names}: version(n)"
    command = [python(root), "-I", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stderr and f"{done.stderr}Not in .venv; does `pip config list` say why?"


def main() -> None:
    with locked(ROOT) as lock:
        ensure(ROOT, sys.argv[1], lock)


if __name__ == "__main__":
    telling(main)
