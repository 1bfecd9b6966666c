"""Boxes in which the reader acts first are read strictly."""

import pytest

from lenet_course.act_first import read
from lenet_course.strict import ContentError

ASKED = "Which?\n\nOf these:"
LIST = "1. `c()`\n2. a\n   and b\n3. b"
REASONS = "- 1: Too\n  early.\n- 2: No."
WHY = "Because.\n\n$1 = 1$"


def text(*parts: str) -> str:
    return "\n\n".join(parts)


def test_a_box_keeps_all_that_was_written():
    task = read("order", "3 1 2, 1 3 2", text(ASKED, LIST, REASONS, WHY) + "\n")
    assert task.right == ((3, 1, 2), (1, 3, 2))
    assert (task.asked, task.list) == (ASKED, LIST)
    assert (task.reasons, task.why) == (REASONS, WHY)
    assert task.lines == ["`c()`", "a and b", "b"]
    assert task.answer == text("Right: 3, 1, 2 or 1, 3, 2.", REASONS, WHY)


def test_reasons_may_be_left_out():
    task = read("predict", "3", text(ASKED, LIST, WHY))
    assert task.answer == text("Right: 3.", WHY)


def test_an_answer_to_another_question_is_forgotten_and_not_one_to_a_better_reason():
    ids = [
        read("predict", "3", text(*parts)).id
        for parts in [
            (ASKED, LIST, REASONS, WHY),
            (ASKED, LIST, WHY),
            ("Who?", LIST, WHY),
            (ASKED, LIST.replace("c()", "d()"), WHY),
        ]
    ]
    assert ids[0] == ids[1] and len(set(ids)) == 3


@pytest.mark.parametrize(
    ("kind", "right", "parts", "message"),
    [
        ("predict", "1", (ASKED,), "write a question, lines numbered"),
        ("predict", "1", (LIST, WHY), "write a question"),
        ("order", "1 3 2", (ASKED, LIST), "write a question"),
        (
            "predict",
            "1",
            (ASKED, LIST.replace("2.", "4."), WHY),
            "number the lines 1 to",
        ),
        ("predict", "1", (ASKED, "1. a\n2. b", WHY), "three lines"),
        ("predict", "1", (ASKED, "1. a\n2. b\n3. a", WHY), "read the same"),
        ("predict", "", (ASKED, LIST, WHY), "right gives numbers of lines, not ''"),
        ("predict", "b", (ASKED, LIST, WHY), "not 'b'"),
        ("predict", "4", (ASKED, LIST, WHY), "one number from 1 to 3"),
        ("predict", "1 2", (ASKED, LIST, WHY), "one number"),
        ("predict", "1, 2", (ASKED, LIST, WHY), "one number"),
        ("order", "1 3", (ASKED, LIST, WHY), "names each of the 3 lines once"),
        ("order", "1 3 3", (ASKED, LIST, WHY), "names each"),
        ("order", "2 1 3, 1", (ASKED, LIST, WHY), "names each"),
        ("order", "2 1 3,", (ASKED, LIST, WHY), "not ''"),
        ("order", "2 1 3, 1 2 3", (ASKED, LIST, WHY), "in the right order already"),
        ("order", "2 1 3", (ASKED, LIST, "- 4: No.", WHY), "single lines, not"),
        ("order", "2 1 3", (ASKED, LIST, "- 1: No.\n- 1: No.", WHY), "single lines"),
        ("predict", "2", (ASKED, LIST, REASONS, WHY), "what is right needs no reason"),
        ("predict", "3", (ASKED, LIST, REASONS), "the explanation is missing"),
    ],
)
def test_a_faulty_box_says_what_is_wrong(kind, right, parts, message):
    with pytest.raises(ContentError, match=message) as caught:
        read(kind, right, text(*parts))
    assert str(caught.value).startswith(f"{kind}: ")
