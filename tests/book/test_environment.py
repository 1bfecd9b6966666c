"""However .venv was left, the next make has a whole one or says in a sentence why not.

Making and installing are played here: no network, no pip.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import environment
from tools.environment import ALL, BOOK, ensure
from tools.trouble import Trouble

OFFLINE = "error: Failed to fetch: `https://index.example/uv/`"


class Tools:
    """Plays venv, pip and uv: notes what was asked, says or does what it is told."""

    def __init__(self, root: Path) -> None:
        self.root, self.asked, self.answers = root, [], {}

    def __call__(self, command, lock, extra=None):
        tool = next(word for word in ("venv", "uv", "pip") if word in command)
        if command[-1] == "uv":  # pip installs it
            return True, ""
        self.asked.append(tool)
        if tool == "venv":
            command = [sys.executable, "-m", "venv", "--without-pip", command[-1]]
            return subprocess.run(command).returncode == 0, ""
        answer = self.answers.get(tool, "")
        if answer != OFFLINE:  # then nothing is installed at all
            (self.root / ".venv" / "package").write_text("half")
        if isinstance(answer, BaseException):
            raise answer
        if not answer:
            (self.root / ".venv" / "package").write_text("whole")
        return not answer, answer


@pytest.fixture
def tools(tmp_path, monkeypatch) -> Tools:
    """An empty project, and the tools that serve it; the package index answers."""
    for name in (BOOK, ALL):
        (tmp_path / name).write_text("# one\n")
    tools = Tools(tmp_path)
    monkeypatch.setattr(environment, "run", tools)
    monkeypatch.setattr(environment, "unreachable", lambda index: "")
    return tools


def again(tools: Tools, wanted: str = BOOK) -> list[str]:
    """What a make asks of the tools; .venv is whole after it."""
    tools.asked.clear()
    tools.answers.clear()
    ensure(tools.root, wanted, lock=0)
    assert (tools.root / ".venv" / "package").read_text() == "whole"
    return tools.asked.copy()


def test_it_is_made_once_and_filled_when_a_file_of_requirements_changes(tools):
    assert again(tools) == ["venv", "uv"]
    assert again(tools) == []
    assert again(tools, ALL) == ["uv"]
    assert again(tools) == again(tools, ALL) == []
    (tools.root / BOOK).write_text("# two\n")
    assert again(tools, ALL) == ["uv"]
    assert again(tools) == []


def unfinished(venv: Path) -> None:
    (venv / ".state").unlink()


def dangling(venv: Path) -> None:
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to("/nowhere/python3")


def moved(venv: Path) -> None:
    text = (venv / ".state").read_text()
    (venv / ".state").write_text(text.replace(str(venv.parent), "/elsewhere"))


def of_another_python(venv: Path) -> None:
    text = (venv / ".state").read_text()
    version = "{} {}".format(*sys.version_info)
    (venv / ".state").write_text(text.replace(version, "3 10"))


def damaged(venv: Path) -> None:
    (venv / ".state").write_text("[1, ")


def a_file(venv: Path) -> None:
    shutil.rmtree(venv)
    venv.write_text("")


def a_link(venv: Path) -> None:
    shutil.rmtree(venv)
    venv.symlink_to("/nowhere")


HARMS = [unfinished, dangling, moved, of_another_python, damaged]
HARMS += [a_file, a_link]


@pytest.mark.parametrize("harm", HARMS)
def test_one_that_cannot_be_trusted_is_made_anew(tools, harm):
    again(tools)
    harm(tools.root / ".venv")
    assert again(tools) == ["venv", "uv"]
    assert again(tools) == []


def test_one_of_the_readers_own_is_kept_aside(tools, capsys):
    venv = tools.root / ".venv"
    for number in (1, 2):
        if venv.exists():
            shutil.rmtree(venv)
        command = [sys.executable, "-m", "venv", "--without-pip", venv]
        subprocess.run(command, check=True)
        (venv / "mine").write_text("precious")
        assert again(tools) == ["venv", "uv"]
        kept = [*tools.root.glob(".venv-*/mine")]
        assert [path.read_text() for path in kept] == ["precious"] * number
        assert capsys.readouterr().out.count(".venv-") == 1
    assert again(tools) == []


@pytest.mark.parametrize("held", [False, True], ids=["first", "later"])
def test_after_an_interrupted_installation_nothing_of_it_is_kept(tools, held):
    if held:
        again(tools)
        (tools.root / BOOK).write_text("# two\n")
    tools.answers["uv"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        ensure(tools.root, BOOK, lock=0)
    assert again(tools) == ["venv", "uv"]


def test_what_uv_cannot_do_pip_does_in_a_fresh_one(tools):
    tools.answers["uv"] = "error: no such platform"
    ensure(tools.root, BOOK, lock=0)
    assert tools.asked == ["venv", "uv", "venv", "pip"]
    assert again(tools) == []


def test_if_neither_can_their_words_are_kept(tools):
    tools.answers = {"uv": "uv's words", "pip": "ERROR: no such version"}
    with pytest.raises(Trouble, match="was not installed") as caught:
        ensure(tools.root, BOOK, lock=0)
    assert caught.value.said == "ERROR: no such version"
    assert again(tools) == ["venv", "uv"]


UV = "Because torch==2.14.1 has no wheels with a matching platform tag and you require"
PIP = "ERROR: No matching distribution found for torch==2.14.1\n"


@pytest.mark.parametrize("words", [(UV, "ResolutionImpossible"), ("uv failed", PIP)])
def test_where_there_is_no_pytorch_for_this_python_it_says_what_to_do(tools, words):
    tools.answers = dict(zip(("uv", "pip"), words))
    with pytest.raises(Trouble, match=r"has no torch==2\.14\.1 for Python 3") as caught:
        ensure(tools.root, ALL, lock=0)
    assert "make PYTHON=python3.12" in str(caught.value)
    assert caught.value.said == words[1]
    assert again(tools) == ["venv", "uv"]


def test_the_pythons_that_it_names_are_those_of_the_tests(root):
    text = (root / ".github" / "workflows" / "test.yml").read_text()
    (pythons,) = re.findall(r"python: \[(.*)\]", text)
    first, *_, last = re.findall(r'"(.*?)"', pythons)
    assert f"{first} to {last}" == environment.TESTED


@pytest.mark.parametrize(
    "words",
    [
        "Caused by: No space left on device (os error 28)",
        "OSError: [Errno 28] Kein Speicherplatz mehr",
        "Disk quota exceeded (os error 122)",
    ],
)
def test_a_full_disk_is_named_and_the_next_make_begins_afresh(tools, words):
    tools.answers["uv"] = words
    with pytest.raises(Trouble, match="disk is full: 600 MB"):
        ensure(tools.root, BOOK, lock=0)
    assert tools.asked == ["venv", "uv"]
    assert again(tools) == ["venv", "uv"]


def test_without_a_network_it_says_so_and_keeps_what_it_had(tools, monkeypatch):
    again(tools)
    before = (tools.root / BOOK).read_text()
    (tools.root / BOOK).write_text("# two\n")
    tools.answers["uv"] = OFFLINE
    with monkeypatch.context() as patch:
        patch.setattr(environment, "unreachable", lambda index: "no route")
        patch.setenv("UV_DEFAULT_INDEX", "https://me:secret@mirror.example/simple")
        with pytest.raises(Trouble, match="cannot be reached") as caught:
            ensure(tools.root, BOOK, lock=0)
    sentence = str(caught.value)
    assert "PIP_INDEX_URL" in sentence and "https://mirror.example" in sentence
    assert "secret" not in sentence and caught.value.said == OFFLINE
    (tools.root / BOOK).write_text(before)
    assert again(tools) == []


def test_a_python_without_venv_is_named(tools, monkeypatch):
    words = "The virtual environment was not created: ensurepip is not available."
    monkeypatch.setattr(environment, "run", lambda *_: (False, words))
    with pytest.raises(Trouble, match="apt-get install python3-venv"):
        ensure(tools.root, BOOK, lock=0)


def test_an_index_that_does_not_answer_is_unreachable(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    assert environment.unreachable("http://127.0.0.1:9/simple")
    assert environment.unreachable("no address")
    assert not environment.unreachable(tmp_path.as_uri())


def test_what_went_elsewhere_is_not_taken_for_installed(tools):
    (tools.root / BOOK).write_text("sphinx==7.4.7\n")
    with pytest.raises(Trouble, match="was not installed") as caught:
        ensure(tools.root, BOOK, lock=0)
    assert "sphinx" in caught.value.said and "pip config list" in caught.value.said


def test_it_is_not_made_by_the_python_that_it_replaces(tools, monkeypatch):
    """In a shell where .venv is active, python3 is the one in .venv."""
    asked = []

    def note(command, lock):
        asked.append(command)
        return False, ""

    monkeypatch.setattr(sys, "_base_executable", "/usr/bin/base", raising=False)
    monkeypatch.setattr(environment, "run", note)
    with pytest.raises(Trouble):
        ensure(tools.root, BOOK, lock=0)
    assert asked[0][0] == "/usr/bin/base"
