"""Versions that are promised: all that is imported, in one range everywhere."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.chapters.reader import NOTEBOOKS, notebook


def pins(text: str) -> dict[str, Requirement]:
    lines = re.findall(r"^[A-Za-z][^#\n]*", text, re.M)
    found = map(Requirement, lines)
    return {canonicalize_name(one.name): one for one in found}


@pytest.fixture(scope="module")
def project(root) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def promised(project) -> dict[str, Requirement]:
    return pins("\n".join(project["dependencies"]))


def imported_by_chapters() -> set[str]:
    """Packages that code cells import; magics are no Python and left out."""
    names = set()
    for path in NOTEBOOKS:
        for cell in notebook(path.stem).cells:
            lines = cell.source.splitlines() if cell.cell_type == "code" else []
            code = "\n".join(one for one in lines if one.strip()[:1] not in ("%", "!"))
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    names.add(node.module)
    return names


def test_all_that_is_imported_is_declared(project, promised):
    ours = "lenet_helpers", "lenet_course"
    graph = grimp.build_graph(*ours, include_external_packages=True)
    names = {name.split(".")[0] for name in graph.modules | imported_by_chapters()}
    made_by = packages_distributions()
    needed = {
        canonicalize_name(made_by[name][0])
        for name in names - {*ours, *sys.stdlib_module_names}
    }
    assert "markdown-it-py" in needed and "numpy" in needed
    extra = pins("\n".join(sum(project["optional-dependencies"].values(), [])))
    assert needed <= promised.keys() | extra.keys()


def test_each_promise_has_an_oldest_version(promised):
    for name, requirement in promised.items():
        (bound,) = requirement.specifier
        assert bound.operator == ">=", name


def test_the_pinned_versions_and_colabs_keep_the_promise(root, promised):
    colab = pins((root / ".github" / "colab.txt").read_text())
    everything = (root / "requirements.txt").read_text()
    everything += (root / "requirements-book.txt").read_text()
    used = pins(everything)
    for name, requirement in promised.items():
        (exact,) = colab[name].specifier
        assert exact.operator == "==" and exact.version in requirement.specifier
        for bound in used[name].specifier if name in used else []:
            assert bound.version in requirement.specifier, name


def test_an_unknown_set_of_versions_is_named(root):
    command = ["bash", root / ".ci" / "install", "latest"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "There is no latest" in done.stderr


def test_a_checkout_has_the_same_bytes_on_windows(root, tmp_path):
    (tmp_path / ".gitattributes").write_bytes((root / ".gitattributes").read_bytes())
    (tmp_path / "script").write_bytes(b"one\ntwo\n")
    (tmp_path / "a.ipynb").write_bytes(b"{\n}\n")
    (tmp_path / "a.safetensors").write_bytes(b"a\nb\r\n")
    git = ["git", "-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    for words in (["init", "--quiet"], ["add", "."]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True, capture_output=True)
    for name in ("script", "a.ipynb", "a.safetensors"):
        before = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        subprocess.run([*git, "checkout", "--", name], cwd=tmp_path, check=True)
        assert (tmp_path / name).read_bytes() == before
