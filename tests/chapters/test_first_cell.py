"""The cell that opens every chapter: nothing to do in a checkout, a clone elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CELL = Path(__file__).parent / "first_cell.txt"
SAY = "\nimport lenet_helpers\nprint(Path.cwd().name, lenet_helpers.__file__)"


def run_in(folder: Path, **environment: str) -> list[str]:
    """Run the cell there; the folder's name it ends in, and the package's place."""
    process = subprocess.run(
        [sys.executable, "-c", CELL.read_text() + SAY],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.split(maxsplit=1)


def test_its_address_is_that_of_the_book(root):
    config = yaml.safe_load((root / "_config.yml").read_text())
    assert f'REPO = "{config["repository"]["url"]}"\n' in CELL.read_text()


@pytest.mark.parametrize("start", [".", "chapters", "lenet_helpers/data"])
def test_a_checkout_is_used_as_it_is(root, start):
    folder, package = run_in(root / start)
    assert folder == "chapters"
    assert Path(package.strip()) == root / "lenet_helpers" / "__init__.py"


def test_elsewhere_it_fetches_the_helpers_once(root, tmp_path):
    if not (root / ".git").exists():
        pytest.skip("not a git checkout: nothing to clone from")
    address = yaml.safe_load((root / "_config.yml").read_text())["repository"]["url"]
    settings = {f"url.{root.as_uri()}.insteadOf": address, "safe.directory": "*"}
    environment = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key}
        environment |= {f"GIT_CONFIG_VALUE_{number}": value}
    for _ in range(2):
        folder, package = run_in(tmp_path, **environment)
        assert folder == "chapters"
        assert Path(package.strip()).is_relative_to(tmp_path / "lenet-inside-out")
