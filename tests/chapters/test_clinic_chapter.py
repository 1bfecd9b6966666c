"""The programs of the bug clinic are broken as it says, and healed by the repair."""

import math
import re

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from lenet_course import exercises, quiz
from lenet_course.ch18_clinic.figure import notebook
from lenet_course.ch18_clinic.timing import FakeGPU
from tests.chapters import reader
from tests.chapters.reader import run

CASES = [one.id.partition(".")[2] for one in exercises.all("clinic")]


@pytest.fixture(scope="module")
def cells():
    return reader.cells("18-bug-clinic")


@pytest.fixture(scope="module")
def ward(cells):
    """The names of the chapter after its opening, on the bundled digits."""
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plt, "show", lambda: plt.close())
        for name in ("imports", "data", "train", "healthy"):
            source = cells[f"clinic-{name}"].source
            source = source.replace("data.load()", 'data.load("digits")')
            run(source, names)
        yield names


def answer(cells, id):
    """The name that a case hands to its check."""
    source = cells[f"clinic-{id}-check"].source
    return re.search(r'check\("clinic\.[\w-]+", (\w+)\)', source)[1]


def test_there_are_at_least_eighteen_cases_in_the_order_of_the_page(cells):
    shown = [id for id in cells if id.endswith("-broken")]
    assert len(shown) >= 18
    assert {f"clinic-{id}-broken" for id in CASES} == set(shown)
    title = cells["clinic-opening"].source.splitlines()[0]
    assert f"{len(shown)} programs" in title
    for number, id in enumerate(shown, start=1):
        story = cells[id.replace("-broken", "-story")].source
        assert f"### Case {number}: " in story


@pytest.mark.parametrize("id", CASES)
def test_the_program_of_the_page_is_refused_with_a_pointer(id, cells, ward):
    names = dict(ward)
    run(cells[f"clinic-{id}-broken"].source, names)
    verdict = exercises.check(f"clinic.{id}", names[answer(cells, id)])
    assert verdict.status == "not yet" and len(verdict.text) > 20


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", text)]


def ends_low(text):
    return numbers(text)[-1] < 1.2


# What the cell of the symptom says once the program is repaired.
HEALED = {
    "flips": lambda text: min(numbers(text)) > 85,
    "pixels": lambda text: "from 0.000 to 1.000" in text,
    "channels": lambda text: numbers(text)[:3] == numbers(text)[3:],
    "bytes": lambda text: "by 100: [100, 200, 255]" in text,
    "statistics": lambda text: numbers(text)[1] == numbers(text)[4],
    "pairs": ends_low,
    "split": lambda text: text.startswith("0% of"),
    "validation": lambda text: len(set(numbers(text))) == 1 and "anew: True" in text,
    "labels": lambda text: re.fullmatch(r"loss \d\.\d{3}\n", text),
    "linear": lambda text: "59,134 parameters" in text and "the same: False" in text,
    "batch": lambda text: "32x32: 2 answers" in text and text.count("shapes") == 2,
    "pool": lambda text: "gradient: []  C5 reads 400" in text,
    "features": lambda text: "[64, 10]" in text,
    "mask": lambda text: "before: 1500\nafter one step: 1500" in text,
    "registered": lambda text: "parameters: 59134" in text,
    "dropout": lambda text: len(set(numbers(text))) == 1 and "mode: True" in text,
    "softmax": lambda text: "a perfect answer costs 0.000" in text,
    "zero-grad": ends_low,
    "optimizer": lambda text: numbers(text.partition("output")[2])[0] > 0,
    "schedule": lambda text: "first 0.1000, last 0.0000" in text,
    "memory": lambda text: numbers(text)[1::2] == [0.0] * 3,
    "eval": lambda text: len(set(numbers(text))) == 1,
    "mean": lambda text: len(set(numbers(text)[1::2])) == 1,
    "epoch": lambda text: numbers(text)[1::3] == numbers(text)[2::3],
    "argmax": lambda text: 2 * numbers(text)[1] > numbers(text.replace(",", ""))[-1],
    "axis": lambda text: len(set(numbers(text)[1::2])) == 1,
    "best": lambda text: "best: epoch 2; restored: epoch 2" in text,
    "checkpoint": lambda text: "[1, 2, 3, 4, 5, 6]" in text,
    "device": lambda text: text == "restored: True\n",
    "figure": lambda text: numbers(text)[-1] > 1000,
    "timing": lambda text: text.startswith("2.00 ms"),
}


@pytest.mark.parametrize("id", CASES)
def test_the_repair_takes_the_symptom_away_and_nothing_else_does(id, cells, ward):
    said = []
    for repaired in (False, True):
        names = dict(ward)
        run(cells[f"clinic-{id}-broken"].source, names)
        if repaired:
            names["Tensor"] = torch.Tensor  # of the annotations
            exec(exercises.solution(f"clinic.{id}").source, names)
        torch.manual_seed(0)
        said.append(run(cells[f"clinic-{id}-symptom"].source, names))
        plt.close("all")
    assert not HEALED[id](said[0]), said[0]
    assert HEALED[id](said[1]), said[1]


@pytest.mark.parametrize(
    "id, words",
    {
        "bytes": "[0, 100, 200] raised by 100: [100, 200, 44]",
        "linear": "one layer of 4,010 says the same: True",
        "batch": "2 images of 40x40: 18 answers",
        "pool": "['c3.weight', 'c3.bias']  C5 reads 1176",
        "features": "(64x256 and 400x120)",
        "mask": "before: 1500\nafter one step: 2400",
        "registered": "parameters: 0",
        "softmax": "costs 1.461",
        "optimizer": "output moved by 0.0000",
        "schedule": "last 0.1000",
        "best": "restored: epoch 4",
        "axis": "in batches of 1: sure of 1000\n",
        "checkpoint": "on disk: []",
        "device": "Attempting to deserialize object on a CUDA device",
        "figure": "ink in the file: 0",
        "timing": "0.01 ms a step",
        "split": "of the morning's validation images were trained on",
    }.items(),
)
def test_the_page_shows_the_symptom(id, words, cells):
    assert words in reader.printed(cells[f"clinic-{id}-symptom"])


def test_every_case_is_in_the_table_of_symptoms(cells):
    table = cells["clinic-table"].source
    assert set(CASES) == set(re.findall(r"\(#case-([\w-]+)\)", table))


def test_one_batch_by_heart_shows_what_the_table_says_and_no_frozen_layer(cells, ward):
    """Softmax twice and gradients that pile up, but not case 19: the rest learns."""
    names, x, y = dict(ward), ward["images"][:32], ward["labels"][:32]
    for id in ("softmax", "zero-grad", "optimizer"):
        run(cells[f"clinic-{id}-broken"].source, names)
    network, sgd = ward["ModernLeNet5"], torch.optim.SGD

    def learned(model, optimizer, take=names["batch_step"], labels=y):
        return [take(model, optimizer, x, labels) for _ in range(150)][-1]

    def fresh():
        torch.manual_seed(0)
        model = network(activation="relu", pool="max")
        return model, sgd(model.parameters(), lr=0.08)

    def softly(*args):
        return names["batch_step"](*args, names["batch_loss"])

    assert learned(*fresh()) < 0.1
    assert learned(*fresh(), take=softly) > 1.4
    assert learned(*fresh(), take=names["training_step"]) > 1
    frozen = names["fine_tune"](names["load_pretrained"](), classes=4, lr=0.05)
    assert learned(*frozen, labels=y % 4) < 0.1
    row = re.search(r"\| One batch.*", cells["clinic-prevention"].source)[0]
    assert "softmax" in row and "zero-grad" in row and "optimizer" not in row


def test_a_mask_on_the_gradient_is_right_only_if_it_moves_with_the_layer():
    class Hooked(nn.Module):
        def __init__(self, mask):
            super().__init__()
            self.conv = nn.Conv2d(6, 16, 5)
            self.register_buffer("mask", mask[:, :, None, None])
            with torch.no_grad():
                self.conv.weight.mul_(self.mask)
            self.conv.weight.register_hook(lambda grad: grad * self.mask)

        def forward(self, x):
            return self.conv(x)

    class Stays(Hooked):
        def __init__(self, mask):
            super().__init__(mask)
            del self._buffers["mask"]
            self.mask = mask[:, :, None, None]

    assert exercises.check("clinic.mask", Hooked)
    assert "another device" in exercises.check("clinic.mask", Stays).text


def test_pyplot_of_the_check_forgets_its_figure_like_a_notebook_and_leaves_no_trace():
    mine, show = plt.figure(), plt.show
    with notebook() as seen:
        assert not plt.get_fignums()
        plt.plot([1, 2])
        figure = plt.gcf()
        plt.show()
        assert plt.gcf() is not figure and not plt.gca().lines
    assert seen.shown == [[[1.0, 2.0]]] and plt.show is show
    assert [plt.figure(n) for n in plt.get_fignums()] == [mine]
    plt.close(mine)


def test_the_fake_gpu_waits_only_when_asked():
    gpu = FakeGPU()
    for _ in range(3):
        gpu.launch(2.0)
    assert gpu.clock() == pytest.approx(0.03)
    gpu.synchronize()
    assert gpu.clock() == pytest.approx(6.01)


def test_numbers_of_the_quiz():
    by_id = {question.id: question for question in quiz.load("clinic").questions}
    assert by_id["mask-counts"].number.value == 16 * 6 * 25
    side = 40
    for size, stride in ((5, 1), (2, 2), (5, 1), (2, 2), (5, 1)):
        side = (side - size) // stride + 1
    assert by_id["view-or-flatten"].number.value == 2 * side**2
    assert -math.log(math.e / (math.e + 9)) == pytest.approx(1.461, abs=5e-4)
