"""Every chapter runs: offline on the bundled digits, and on the real data it uses.

The first as a reader's machine would, with as many threads as torch takes by itself;
the second with one thread, as tests run. Between them they hold what a chapter
asserts to be true for other data and for other orders of summation.
"""

import functools
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

from lenet_helpers import data
from tests.chapters.reader import NOTEBOOKS, notebook
from tools.freshness import STAMP

CELL_TIMEOUT = 240  # seconds; two chapters may share two cores


def stamped(path: Path, fact: str):
    """What was noted of the chapter when it was last executed."""
    return notebook(path.stem).metadata[STAMP][fact]


# Two workers end together if the long ones do not come last.
LONGEST_FIRST = sorted(NOTEBOOKS, key=lambda path: -stamped(path, "seconds"))
WITH_DATA = [path for path in LONGEST_FIRST if stamped(path, "data")]


def run(path: Path, **environment: str) -> None:
    """Run a chapter by nbval; cells marked NBVAL_CHECK_OUTPUT are compared."""
    options = ["-p", "nbval.plugin", "-p", "no:cacheprovider", "-o", "addopts=", "-q"]
    options += ["--nbval-lax", "--nbval-current-env"]
    options += [f"--nbval-cell-timeout={CELL_TIMEOUT}"]
    ours = ("PYTEST", "OMP_")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    clean["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    quiet = {"TQDM_DISABLE": "1", "MPLCONFIGDIR": matplotlib.get_configdir()}
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(path)],
        env=clean | quiet | environment,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stdout + process.stderr


@functools.cache
def is_here(name: str) -> bool:
    load = {"mnist": data.load, "cifar10": data.load_cifar10}[name]
    try:
        return load(name, download=False).name == name
    except data.DataError:
        return False


@pytest.mark.parametrize("path", LONGEST_FIRST, ids=lambda path: path.stem)
@pytest.mark.timeout(900)
def test_a_chapter_runs_offline_on_the_bundled_digits(path, tmp_path):
    # Threads that wait without spinning leave the cores to the tests beside them.
    alone = {"LENET_OFFLINE": "1", "LENET_DATA": "", "OMP_WAIT_POLICY": "PASSIVE"}
    run(path, **alone, XDG_CACHE_HOME=str(tmp_path))


@pytest.mark.parametrize("path", WITH_DATA, ids=lambda path: path.stem)
@pytest.mark.timeout(900)
def test_a_chapter_runs_on_real_data(path):
    """One that uses none is run above; ``stale`` tells when it came to use some."""
    used = set(stamped(path, "data").split("+")) - {"digits"}  # those come along
    if not any(map(is_here, used)):
        pytest.skip(f"not here: {', '.join(used)}; for MNIST set LENET_DATA")
    place = os.environ.get("LENET_DATA")
    where = {"LENET_DATA": os.path.abspath(place)} if place else {}
    run(path, LENET_OFFLINE="1", OMP_NUM_THREADS="1", **where)


def test_offline_a_chapter_has_the_threads_that_torch_takes(tmp_path, monkeypatch):
    """Even where the tests themselves have one, as by ``make test``."""
    given = []

    def note(command, env, **how):
        given.append(env.get("OMP_NUM_THREADS"))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(subprocess, "run", note)
    test_a_chapter_runs_offline_on_the_bundled_digits(WITH_DATA[0], tmp_path)
    assert given == [None]
