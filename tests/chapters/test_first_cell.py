"""The cell that opens every chapter: nothing to do in a checkout, a clone elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.address import home

CELL = (Path(__file__).parent / "first_cell.txt").read_text()
SAY = "\nimport lenet_helpers\nprint(Path.cwd().name, lenet_helpers.__file__)"
COPY = "lenet-book"


def run_in(folder: Path, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", CELL + SAY],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


def found(folder: Path, **environment: str) -> Path:
    """The checkout that the cell found or fetched; it has to end in its chapters."""
    done = run_in(folder, **environment)
    assert done.returncode == 0 and not done.stderr, done.stderr
    name, package = done.stdout.splitlines()[-1].split(maxsplit=1)
    assert name == "chapters"
    return Path(package).parents[1]


def refusal(folder: Path, **environment: str) -> str:
    """The one sentence that it ends with."""
    done = run_in(folder, **environment)
    assert done.returncode != 0 and not done.stdout
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True)


@pytest.fixture
def there(tmp_path, root) -> tuple[Path, dict[str, str]]:
    """A small book at the address of this one, and what leads git to it."""
    remote = tmp_path / "remote"
    for name in ("chapters/one", "lenet_helpers/__init__.py", "tests/one"):
        (remote / name).parent.mkdir(parents=True)
        (remote / name).write_text("")
    git(remote, "init", "--quiet")
    git(remote, "add", ".")
    git(remote, "commit", "--quiet", "--message", "one")
    return remote, led(remote, home(root))


def led(remote: Path, address: str) -> dict[str, str]:
    """Variables that let git find at this folder what has the address."""
    settings = {f"url.{remote.as_uri()}.insteadOf": address, "safe.directory": "*"}
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables


@pytest.fixture
def empty(tmp_path) -> Path:
    folder = tmp_path / "any where"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("start", [".", "chapters", "lenet_helpers/data"])
def test_a_checkout_is_used_as_it_is(root, start):
    assert found(root / start, PATH="/nowhere") == root


def test_elsewhere_it_fetches_the_book_and_a_second_time_finds_it(there, empty):
    _, led = there
    for _ in range(2):
        assert found(empty, **led) == empty / COPY
        assert [path.name for path in empty.iterdir()] == [COPY]
    assert found(empty / COPY / "chapters", PATH="/nowhere") == empty / COPY


def test_a_copy_that_is_old_is_brought_up_to_date(there, empty):
    remote, led = there
    found(empty, **led)
    (remote / "lenet_helpers" / "new.py").write_text("")
    git(remote, "add", ".")
    git(remote, "commit", "--quiet", "--message", "two")
    found(empty, **led)
    assert (empty / COPY / "lenet_helpers" / "new.py").is_file()


def test_without_a_network_the_copy_that_is_there_will_do(there, empty):
    remote, led = there
    found(empty, **led)
    remote.rename(remote.with_name("gone"))
    done = run_in(empty, **led)
    assert done.returncode == 0 and "was not fetched" in done.stdout.splitlines()[0]
    assert found(empty, **led, PATH="/nowhere") == empty / COPY


def test_without_git_or_a_network_it_says_so_and_leaves_nothing(there, empty):
    remote, led = there
    assert "'git'" in refusal(empty, PATH="/nowhere")
    remote.rename(remote.with_name("gone"))
    assert "network" in refusal(empty, **led)
    assert not list(empty.iterdir())


def test_half_a_copy_is_named(there, empty):
    (empty / COPY / ".git").mkdir(parents=True)
    assert str(empty / COPY) in refusal(empty, **there[1])
    assert [path.name for path in empty.iterdir()] == [COPY]


@pytest.mark.skipif(
    not Path("/proc").is_dir(), reason="no folder that root cannot write"
)
def test_a_folder_that_cannot_be_written_is_no_traceback(there):
    assert "was not fetched" in refusal(Path("/proc"), **there[1])


def test_it_knows_nothing_of_torch_and_of_the_repositorys_name():
    assert "torch" not in CELL and CELL.count("lenet-inside-out") <= 2  # in its address
