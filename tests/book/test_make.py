"""What make says and does: in a small project whose Sphinx is played."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.environment import BOOK, _digests, _identity, _write
from tools.trouble import Trouble, locked

PAGES = 20
SPHINX = f"""
import pathlib, sys, time
def main():
    here = pathlib.Path(sys.argv[-1])
    out = pathlib.Path(sys.argv[-2], "_build", "html")
    out.mkdir(parents=True)
    for n in range({PAGES}):
        (out / f"{{n}}.html").write_text((here / "index.md").read_text())
        time.sleep(0.02)
    if "wrong" in (here / "index.md").read_text():
        sys.exit("index.md:1: WARNING: it is wrong")
"""
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("MAKE", "MFLAGS", "PYTHON", "COV_"))
}


@pytest.fixture
def project(root, tmp_path) -> Path:
    """Makefile and tools, and a .venv with a Sphinx that writes pages slowly."""
    shutil.copy(root / "Makefile", tmp_path)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / "tools", tmp_path / "tools", ignore=ignore)
    for name in (BOOK, "requirements.txt", "index.md"):
        (tmp_path / name).write_text("one")
    command = [sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"]
    subprocess.run(command, check=True)
    packages = next((tmp_path / ".venv" / "lib").glob("python*")) / "site-packages"
    (packages / "jupyter_book" / "cli").mkdir(parents=True)
    (packages / "jupyter_book" / "cli" / "main.py").write_text(SPHINX)
    holds = {BOOK: _digests(tmp_path)[BOOK]}
    _write(tmp_path, {"is": _identity(tmp_path), "holds": holds})
    return tmp_path


def start(project: Path, *arguments: str, **variables: str) -> subprocess.Popen:
    return subprocess.Popen(
        ["make", f"PYTHON={sys.executable}", *arguments],
        cwd=project,
        env=CLEAN | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def make(project: Path, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Exit status, standard output, and standard error without make's own word."""
    process = start(project, *arguments, **variables)
    out, err = process.communicate(timeout=60)
    lines = [line for line in err.splitlines() if not line.startswith("make: ***")]
    return process.returncode, out, "\n".join(lines)


def pages(project: Path) -> set[str]:
    """The different contents of the pages, of which all must be there."""
    found = list((project / "_build" / "html").glob("*.html"))
    assert len(found) == PAGES
    return {page.read_text() for page in found}


def builds(project: Path) -> bool:
    """Whether make book, which must succeed, had to build."""
    status, out, err = make(project, "book")
    assert status == 0 and not err and "The book: " in out
    assert pages(project) == {(project / "index.md").read_text()}
    return "Building" in out


def test_a_book_is_built_once_and_anew_when_anything_has_changed(project):
    assert builds(project) and not builds(project)
    (project / "index.md").write_text("two")
    assert builds(project)
    (project / "tools" / "more.yml").write_text("read by a page")
    assert builds(project)
    assert not builds(project)


def test_a_book_that_has_lost_or_changed_a_page_is_not_taken_for_whole(project):
    builds(project)
    (project / "_build" / "html" / "3.html").unlink()
    assert builds(project)
    (project / "_build" / "html" / "3.html").write_text("half")
    assert builds(project)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_whenever_it_is_interrupted_a_book_that_is_there_is_whole(project, how):
    for number in range(3):
        (project / "index.md").write_text(str(number))
        process = start(project, "book")
        time.sleep(random.uniform(0.1, 0.8))
        os.killpg(process.pid, how)
        process.communicate()
        if (project / "_build" / "html").exists():
            assert len(pages(project)) == 1
    builds(project)


def test_a_failing_build_says_why_each_time_and_keeps_no_half(project):
    builds(project)
    (project / "index.md").write_text("wrong")
    for _ in range(2):
        status, out, err = make(project, "book")
        warning, sentence = err.splitlines()
        assert status != 0 and "The book: " not in out
        assert warning == "index.md:1: WARNING: it is wrong"
        assert sentence.startswith("The book was not built")
        assert pages(project) == {"one"}


def test_two_at_once_wait_for_each_other(project):
    first, second = start(project, "book"), start(project, "book")
    said = [process.communicate()[0] for process in (first, second)]
    assert first.returncode == second.returncode == 0
    assert sum("Building" in out for out in said) == 1
    assert pages(project) == {"one"}


def test_what_outlives_its_make_keeps_the_next_one_waiting(tmp_path):
    with locked(tmp_path) as lock:
        child = subprocess.Popen(["sleep", "0.5"], pass_fds=[lock])
    with locked(tmp_path):
        assert child.poll() is not None or child.wait(timeout=0.2) == 0


def test_where_nothing_can_be_written_it_says_so(tmp_path):
    nowhere = locked(tmp_path / "folder")
    with pytest.raises(Trouble, match="Nothing can be written in .*folder"), nowhere:
        pass


@pytest.mark.parametrize("python", ["./old", "./missing"])
def test_a_python_that_is_too_old_or_missing_is_named(project, python):
    (project / "old").write_text("#!/bin/sh\nexit 1\n")
    (project / "old").chmod(0o755)
    status, _, err = make(project, "book", f"PYTHON={python}")
    assert status != 0 and err.startswith(
        f"Python 3.11 or later is needed, and {python}"
    )


def test_of_pip_and_python_only_where_packages_come_from_is_heard(project):
    (project / "spy").write_text("#!/bin/sh\nenv\n")
    (project / "spy").chmod(0o755)
    deaf = ["PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_USER", "PIP_PREFIX"]
    heard = ["PIP_INDEX_URL", "PIP_CERT", "UV_DEFAULT_INDEX", "HTTPS_PROXY"]
    told = dict.fromkeys([*deaf, *heard, "PIP_REQUIRE_VIRTUALENV"], "x")
    _, out, _ = make(project, "packages", "PYTHON=./spy", **told)
    names = {line.partition("=")[0] for line in out.splitlines()}
    assert names.isdisjoint([*deaf, "PIP_REQUIRE_VIRTUALENV"])
    assert names.issuperset(heard)


def test_a_port_that_is_none_or_taken_is_named_before_anything_is_built(project):
    for port in ("80x", "0", "70000", ""):
        status, out, err = make(project, "serve", f"PORT={port}")
        assert status != 0 and not out and f"PORT={port} is not a port" in err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, out, err = make(project, "serve", f"PORT={port}")
    assert status != 0 and not out and f"Port {port} is taken" in err
    assert not (project / "_build").exists()


def test_jupyter_runs_as_root_only_if_make_does(project):
    _, out, _ = make(project, "--dry-run", "lab")
    assert ("--allow-root" in out) == (os.getuid() == 0)


def test_where_no_test_is_found_pytest_says_why_without_its_workers(project):
    spy = "#!/bin/sh\necho $*\nexit 5\n"
    (project / "python").write_text(spy)
    (project / "python").chmod(0o755)
    status, out, _ = make(project, "-o", "packages", "test", "ARGS=missing", "BIN=.")
    assert status != 0 and "--collect-only missing" in out.splitlines()[1]
