"""Every exercise can be read without a kernel: stub, hints and solution are there."""

import re

import nbformat
import pytest

from lenet_course import exercises, quiz
from tests.chapters import reader

CHAPTERS = [path.stem for path in reader.NOTEBOOKS]
CALL = re.compile(r"\b(check|solution|show)\(\s*[\"']([^\"']+)[\"']")


def calls(chapter: str) -> dict[tuple[str, str], list[nbformat.NotebookNode]]:
    """(function, id) of every call, with the cells it stands in."""
    found = {}
    for cell in reader.cells(chapter).values():
        for call in CALL.findall(cell.source) if cell.cell_type == "code" else []:
            found.setdefault(call, []).append(cell)
    return found


def shown(cell: nbformat.NotebookNode) -> str:
    """The HTML that the cell gave when it was run."""
    assert cell.outputs, f"not executed: {cell.source}"
    return cell.outputs[0]["data"]["text/html"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_exercise_has_a_stub_and_a_folded_solution(chapter):
    found = calls(chapter)
    checked = {id for function, id in found if function == "check"}
    solved = {id for function, id in found if function == "solution"}
    assert checked == solved
    assert checked <= {one.id for one in exercises.all()}
    for id in checked:
        said = str([cell.outputs for cell in found["check", id]])
        # A stub is not attempted yet; a broken program is refused as it stands.
        assert "Not attempted" in said or "Not yet" in said, id
        cell = found["solution", id][0]
        assert "remove-input" in cell.metadata.get("tags", []), id
        html = shown(cell)
        assert html == exercises.solution(id)._repr_html_(), f"{id}: run it again"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_quiz_is_shown_as_it_is_now(chapter):
    for (function, name), cells in calls(chapter).items():
        if function == "show":
            html = shown(cells[0])
            assert html == quiz.show(name)._repr_html_(), f"{name}: run it again"


def test_no_exercise_and_no_quiz_is_left_out():
    found = {id for chapter in CHAPTERS for _, id in calls(chapter)}
    chapters = {id.split(".")[0] for id in found if "." in id}
    for chapter in chapters:
        assert {one.id for one in exercises.all(chapter)} <= found
