"""The page of error messages: its programs fail as printed, its repairs do not.

A message must equal what the pinned PyTorch says; any other must have the words of the
heading, or of what the page calls "also worded".
"""

import os
import re
import subprocess
import sys

import pytest
import torch

from tests.chapters.reader import ROOT

PAGE = (ROOT / "chapters" / "back" / "errors.md").read_text(encoding="utf-8")
OPENING, *SECTIONS = re.split(r"^\(err-[a-z0-9-]+\)=\n### ", PAGE, flags=re.MULTILINE)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PINS = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PINNED = f"torch=={torch.__version__.partition('+')[0]}\n" in PINS
RUN = [s for s in SECTIONS if "**Not run here:**" not in s]
PARTS = ("Cause", "Proof", "Repair")
NAMES = [section.partition("\n")[0].strip("`")[:40] for section in RUN]


def blocks(section: str, language: str) -> list[str]:
    return [code for kind, code in FENCE.findall(section) if kind == language]


def known() -> dict[str, object]:
    """The names that every program of the page goes on from."""
    names = {}
    exec(blocks(OPENING, "python")[0], names)
    return names


def script(code: str, folder) -> str:
    """What a file of its own writes to standard error.

    But for what Python's clerk of shared memory finds when workers have ended.
    """
    path = folder / "train.py"
    path.write_text(blocks(OPENING, "python")[0] + code)
    command = [sys.executable, str(path)]
    quiet = os.environ | {"PYTHONWARNINGS": "ignore:resource_tracker"}
    return subprocess.run(command, capture_output=True, text=True, env=quiet).stderr


def said(code: str, names: dict, folder) -> str:
    """The error of a program, as Python prints it."""
    if code.startswith("# train.py"):
        return script(code, folder)
    with pytest.raises((RuntimeError, ValueError, LookupError, AttributeError)) as one:
        exec(code, names)
    return f"{one.type.__name__}: {one.value}"


def wordings(section: str) -> list[str]:
    """The heading and what stands beside it, with … for anything."""
    heading = section.partition("\n")[0]
    beside = re.findall(r"^Also worded:.*?\n\n", section, re.MULTILINE | re.DOTALL)
    quoted = re.findall(r"`([^`]+)`", "\n".join([heading, *beside]))
    return [".*".join(map(re.escape, words.split("…"))) for words in quoted]


@pytest.mark.parametrize("section", RUN, ids=NAMES)
def test_the_program_stops_with_the_message_on_the_page(section, tmp_path):
    message = " ".join(said(blocks(section, "python")[0], known(), tmp_path).split())
    printed = " ".join(blocks(section, "text")[0].split())
    assert any(re.search(words, message) for words in wordings(section)), message
    assert any(re.search(words, printed) for words in wordings(section)), printed
    assert not PINNED or printed in message


@pytest.mark.parametrize("section", SECTIONS)
def test_proof_and_repair_run_and_print_what_stands_beside(section, tmp_path, capsys):
    names = known()
    programs = blocks(section, "python")
    if section in RUN:
        said(programs.pop(0), names, tmp_path)
    capsys.readouterr()
    for code in programs:
        if code.startswith("# train.py"):
            assert script(code, tmp_path) == ""
            continue
        exec(code, names)
        promised = re.findall(r"print\(.*\)  # (.+)$", code, re.MULTILINE)
        assert capsys.readouterr().out.splitlines() == promised
        assert code.count("print(") == len(promised)
    assert programs and all(f"**{part}." in section for part in PARTS)


def test_only_what_needs_a_gpu_is_not_run():
    left = [section.partition("\n")[0] for section in SECTIONS if section not in RUN]
    assert left == [
        "`Expected all tensors to be on the same device`",
        "`CUDA out of memory`",
    ]


def test_the_index_lists_every_section_in_its_order():
    assert re.findall(r"\]\(#(err-[a-z0-9-]+)\)", OPENING) == re.findall(
        r"^\((err-[a-z0-9-]+)\)=$", PAGE, re.MULTILINE
    )
