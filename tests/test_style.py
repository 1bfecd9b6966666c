"""ruff finds nothing to say, neither about the code nor about its layout."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content(root, command):
    process = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--no-cache", "."],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stdout + "\nmake format repairs most."
