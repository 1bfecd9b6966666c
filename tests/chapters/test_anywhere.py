"""Every chapter runs: on MNIST where it is at hand, offline on the bundled digits."""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

from lenet_helpers import data
from tests.chapters.reader import NOTEBOOKS

CELL_TIMEOUT = 240  # seconds; two chapters may share two cores
chapters = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def run(path: Path, **environment: str) -> None:
    """Run a chapter by nbval; cells marked NBVAL_CHECK_OUTPUT are compared."""
    options = ["-p", "no:cacheprovider", "-o", "addopts=", "-o", "timeout=0", "-q"]
    options += ["--nbval-lax", "--nbval-current-env"]
    options += [f"--nbval-cell-timeout={CELL_TIMEOUT}"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    quiet = {"TQDM_DISABLE": "1", "MPLCONFIGDIR": matplotlib.get_configdir()}
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(path)],
        env=clean | quiet | environment,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stdout + process.stderr


def mnist_is_here() -> bool:
    try:
        return data.load("mnist", download=False).name == "mnist"
    except data.DataError:
        return False


@chapters
@pytest.mark.timeout(900)
def test_a_chapter_runs_offline_on_the_bundled_digits(path, tmp_path):
    run(path, LENET_OFFLINE="1", LENET_DATA="", XDG_CACHE_HOME=str(tmp_path))


@chapters
@pytest.mark.timeout(900)
@pytest.mark.skipif(not mnist_is_here(), reason="MNIST is not here: set LENET_DATA")
def test_a_chapter_runs_on_mnist(path):
    place = os.environ.get("LENET_DATA")
    where = {"LENET_DATA": os.path.abspath(place)} if place else {}
    run(path, LENET_OFFLINE="1", **where)
