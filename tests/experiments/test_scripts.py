"""Every script of the experiments starts, says how, and stands in their README."""

import ast
import importlib
import re
import sys

import pytest

from tests.conftest import ROOT

ROOM = ROOT / "experiments"
SCRIPTS = {
    f"{path.parent.name}.{path.stem}": path
    for path in sorted(ROOM.glob("*/*.py"))
    if "def main(" in path.read_text()
}


def test_there_are_scripts_in_every_room():
    rooms = {path.parent.name for path in ROOM.glob("*/__init__.py")}
    assert {name.partition(".")[0] for name in SCRIPTS} == rooms


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_started_as_the_module_that_its_docstring_names(
    name, monkeypatch, capsys
):
    source = SCRIPTS[name].read_text()
    assert source.endswith('if __name__ == "__main__":\n    main()\n')
    commands = re.findall(
        r"-m (experiments\.\S+)", ast.get_docstring(ast.parse(source))
    )
    assert set(commands) == {f"experiments.{name}"}
    try:
        script = importlib.import_module(f"experiments.{name}")
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        pytest.skip("only the original training needs numba")
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as stopped:
        script.main()
    assert stopped.value.code == 0 and "usage: " in capsys.readouterr().out


def table() -> list[list[str]]:
    """The cells of the README's rows: script, result, chapters, minutes."""
    lines = (ROOM / "README.md").read_text().splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]


def test_the_readme_lists_every_script_and_every_result():
    scripts, results, _, _ = zip(*table(), strict=True)
    assert {script.strip("`").split()[0] for script in scripts} == set(SCRIPTS)
    listed = [result.strip("`") for result in results if result.startswith("`")]
    assert sorted(listed) == sorted(path.name for path in ROOM.glob("results/*.json"))


def test_the_readme_names_the_chapters_that_read_a_result():
    chapters = {
        int(path.name[:2]): path.read_text(encoding="utf-8")
        for path in ROOT.glob("chapters/*.ipynb")
    }
    for _, result, named, _ in table():
        stamp = f"text:experiments/results/{result.strip('`')}"
        readers = {number for number, text in chapters.items() if stamp in text}
        if result.startswith("`"):
            assert set(map(int, re.findall(r"\d+", named))) == readers, result
