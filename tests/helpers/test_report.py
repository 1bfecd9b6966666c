"""The report for an issue says all, downloads nothing, and is never a traceback."""

import os
import platform
import subprocess
import sys

import torch

from lenet_helpers import report


def said(folder, broken: str = "", **variables: str) -> dict[str, str]:
    """What the command prints where there is no data, and ``broken`` is no package."""
    code = f"import sys, runpy; sys.modules[{broken!r}] = None; "
    code += "runpy.run_module('lenet_helpers.report', run_name='__main__')"
    alone = {"LENET_DATA": "", "LENET_CIFAR": "", "XDG_CACHE_HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | alone | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return {name: value for name, value in map(split, done.stdout.splitlines())}


def split(line: str) -> list[str]:
    return line.split(maxsplit=1)


def test_it_names_versions_device_and_data(tmp_path):
    lines = said(tmp_path)
    assert lines["python"] == platform.python_version()
    assert lines["torch"] == torch.__version__.partition("+")[0]
    assert {"book", "system", *report.PACKAGES} < set(lines)
    assert lines["device"].endswith("threads")
    assert lines["MNIST"] == lines["CIFAR-10"] == "not here"
    assert not list(tmp_path.rglob("*.gz"))


def test_what_is_broken_is_said_in_its_line(tmp_path):
    lines = said(tmp_path, broken="torch", LENET_DATA=str(tmp_path / "gone"))
    assert "torch" in lines["device"] and "Error" in lines["device"]
    lines = said(tmp_path, LENET_DATA=str(tmp_path / "gone"))
    assert "gone" in lines["MNIST"] and "Error" in lines["MNIST"]


def test_the_form_for_mistakes_asks_for_it(root):
    form = root / ".github" / "ISSUE_TEMPLATE" / "mistake.yml"
    assert "-m lenet_helpers.report" in form.read_text()
