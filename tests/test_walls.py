"""What each room may import, and that no room is entered by a back door."""

import ast
import subprocess
import sys

import grimp
import pytest
from importlinter.cli import lint_imports

PACKAGES = ("lenet_helpers", "lenet_course", "experiments", "tools", "_ext")


def modules(root):
    return [path for name in PACKAGES for path in sorted((root / name).rglob("*.py"))]


def test_the_contracts_of_pyproject_hold(root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    broken = lint_imports(no_cache=True)
    assert not broken, capsys.readouterr().out


def test_no_chapter_enters_the_room_of_another():
    """Nor does anything else in lenet_course: it finds the rooms by their names."""
    graph = grimp.build_graph("lenet_course")
    for importer in graph.modules:
        own = importer.split(".")[1:2]
        for imported in graph.find_modules_directly_imported_by(importer):
            room = imported.split(".")[1:2]
            assert room == own or not room[0].startswith("ch"), (importer, imported)


def test_rendering_the_book_loads_no_torch(root):
    """As on a machine that has requirements-book.txt and nothing else."""
    names = [f"_ext.{path.stem}" for path in (root / "_ext").glob("*.py")]
    code = f"import sys; sys.modules.update(torch=None); import {', '.join(names)};"
    code += "from lenet_course.interview import questions; assert questions()"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)


def test_importing_a_package_costs_nothing(root):
    code = "import sys, lenet_helpers, lenet_course, lenet_helpers.data as d; d.load;"
    code += "assert not {'matplotlib', 'sklearn', 'pandas', 'torchvision', "
    code += "'lenet_helpers.data.cifar'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)


def test_no_module_is_hidden_and_none_bends_the_path(root):
    for path in modules(root):
        hidden = path.stem.startswith("_") and not path.stem.endswith("__")
        assert not hidden, path
        assert "sys.path" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("package", ["data", "models", "plots", "shapes", "training"])
def test_a_face_hands_names_on_and_defines_nothing(root, package):
    face = root / "lenet_helpers" / package / "__init__.py"
    body = ast.parse(face.read_text()).body
    assert not [n for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    code = (
        f"from lenet_helpers import {package} as p; [getattr(p, n) for n in p.__all__]"
    )
    code += "; assert all(getattr(p, n) is getattr(p, n) for n in p.__all__)"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
