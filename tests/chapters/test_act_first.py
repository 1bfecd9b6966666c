"""Predictions agree with what their cells printed, orders with what their lines do."""

import itertools
import re
from collections.abc import Iterator

import nbformat
import pytest

from lenet_course.act_first import Task, read
from tests.chapters import orders, reader

BOX = re.compile(
    r"^:::\{(predict|order)\}\n:right: (.*)\n((?:.*\n)+?):::$", re.MULTILINE
)
CHAPTERS = [path.stem for path in reader.NOTEBOOKS]


def boxes(chapter: str) -> Iterator[tuple[nbformat.NotebookNode, Task, str]]:
    """Each box with the cell that it ends, and what the cell below gave."""
    cells = [*reader.cells(chapter).values(), None]
    for cell, below in itertools.pairwise(cells):
        if cell.cell_type == "markdown" and ":right:" in cell.source:
            (found,) = BOX.finditer(cell.source)
            assert found.end() == len(cell.source), f"{cell.id}: it does not end there"
            yield cell, read(found[1], found[2], found[3]), said(below)


def said(cell: nbformat.NotebookNode | None) -> str:
    """The text of a cell's outputs, tables included."""
    texts = [
        output.get("text") or output.data.get("text/plain", "")
        for output in (cell or {}).get("outputs", [])
    ]
    return "\n".join(texts)


ALL = [(c, *one) for c in CHAPTERS for one in boxes(c)]
PREDICTED = {
    cell.id: (task, out) for _, cell, task, out in ALL if task.kind == "predict"
}
ORDERED = {cell.id: task for _, cell, task, _ in ALL if task.kind == "order"}


@pytest.mark.parametrize("chapter", [c for c in CHAPTERS if c < "16"])
def test_every_chapter_of_the_book_has_two_at_least(chapter):
    assert sum(name == chapter for name, *_ in ALL) >= 2


def test_no_question_stands_twice():
    assert len({task.id for _, _, task, _ in ALL}) == len(ALL) >= 40


# ---- Predictions ----

# Where in the output the answer stands, if not anywhere: a number in brackets is
# compared with the choices' numbers, the nearest is right.
PLACE = {
    "history-predict-reject": r"reject (\S+)%",
    "pool-predict-none": r"none .*",
    "pool-predict-bare": r"(\S+)% of the test digits",
    "clf-predict-naive": r"naive: .*",
    "back-predict-kept": r"average +(\d+)",
    "data-predict-leak": r"copied, then split: .* test (\S+)%",
    "train-predict-start": r"loss (\S+),",
    "train-predict-plateau": r"SGD 0.1 +(\d+)",
    "tricks-predict-decay": r"0\.0005: .*",
    "gpu-predict-overflow": r".*",
    "maps-predict-zero": r"C3 .*",
    "lenets-predict-curvature": r"c1\.weight .*",
    "versus-predict-start": r"PyTorch's start: .*",
    "limits-predict-turned": r"right(?: +\d+%){5} +(\d+)%",
    "limits-predict-light": r"dark on light +\d+% +(\d+)%",
    "limits-predict-shuffled": r"unchanged: .*",
}


def least(out: str) -> str:
    """The digit that is turned back least often."""
    shares = {k: int(share) for k, share in re.findall(r"(\d): +(\d+)%", out)}
    assert len(shares) == 10
    return min(shares, key=shares.get)


def steeper(out: str) -> str:
    """ReLU or tanh: whose last mean slope is larger."""
    relu, tanh = (float(line.split("'")[-2]) for line in out.strip().splitlines())
    return "those of ReLU" if relu > tanh else "those of tanh"


def undecided(out: str) -> str:
    """The one row that is not told apart."""
    (row,) = [line for line in out.splitlines() if line.endswith("not told apart")]
    return row.split()[0]


WORDS = {
    "data-predict-turn": least,
    "alexnet-predict-slopes": steeper,
    "tricks-predict-schedule": undecided,
}


def number(text: str) -> float:
    return float(re.search(r"\d[\d,]*(?:\.\d+)?", text)[0].replace(",", ""))


def stands(code: str, out: str) -> bool:
    """Whether the words occur, and not as a part of a longer number."""
    return bool(re.search(rf"(?<![\d.,]){re.escape(code)}(?![\d%])", out))


def right_ones(id: str, choices: list[str], out: str) -> list[str]:
    """The choices that the output confirms."""
    if id in WORDS:
        return [choice for choice in choices if choice == WORDS[id](out)]
    place = re.search(PLACE.get(id, r"(?s:.*)"), out)
    if place.groups():
        gaps = [abs(number(choice) - number(place[1])) for choice in choices]
        return [c for c, gap in zip(choices, gaps) if gap == min(gaps)]
    codes = [re.search("`(.+?)`", choice)[1] for choice in choices]
    return [c for c, code in zip(choices, codes) if stands(code, place[0])]


@pytest.mark.parametrize("id", PREDICTED)
def test_the_output_confirms_the_right_choice_and_no_other(id):
    task, out = PREDICTED[id]
    assert out, "there is nothing to uncover"
    ((right,),) = task.right
    assert right_ones(id, task.lines, out) == [task.lines[right - 1]]


def test_each_place_of_an_answer_is_that_of_a_box():
    assert PLACE.keys() | WORDS.keys() <= PREDICTED.keys()


# ---- Orders ----


@pytest.mark.parametrize("id", orders.WORLDS)
@pytest.mark.filterwarnings("ignore")
def test_lines_do_what_is_asked_in_the_right_orders_and_in_no_other(id):
    """Every order is tried: nothing that works is refused."""
    task, world = ORDERED[id], orders.WORLDS[id]
    lines = [line.strip("`") for line in task.lines]
    ways = itertools.permutations(range(1, len(lines) + 1))
    works = {way for way in ways if world([lines[n - 1] for n in way])}
    assert works == set(task.right)


def test_events_stand_in_the_order_of_their_years():
    assert orders.years(ORDERED["history-order-years"]) == [
        1969,
        1980,
        1989,
        1996,
        2006,
        2012,
    ]


def test_the_steps_to_a_digit_are_in_the_order_of_the_chapter():
    task, text = ORDERED["data-order-photo"], reader.text("07-data")
    heads = ["**Into 20×20.**", "**Contrast and threshold.**", "**Centre of mass"]
    heads += ["**Level the light.**", "**Cut.**"]  # of the lines as they stand
    places = [text.index(heads[n - 1]) for n in task.right[0]]
    assert places == sorted(places)


def test_every_order_is_judged():
    told = {"history-order-years", "data-order-photo"}
    assert ORDERED.keys() == orders.WORLDS.keys() | told
