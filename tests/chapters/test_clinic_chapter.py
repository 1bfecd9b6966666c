"""The programs of the bug clinic are broken as it says, and healed by the repair."""

import math
import re

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from lenet_course import exercises, quiz
from lenet_course.ch18_clinic.figure import InlinePyplot
from lenet_course.ch18_clinic.timing import FakeGPU
from tests.chapters import reader
from tests.chapters.reader import run

CASES = [one.id.partition(".")[2] for one in exercises.all("clinic")]


@pytest.fixture(scope="module")
def cells():
    return reader.cells("18-bug-clinic")


@pytest.fixture(scope="module")
def ward(cells):
    """The names of the chapter after its opening, on the bundled digits, hurried."""
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plt, "show", lambda: plt.close())
        for name in ("imports", "data", "train", "healthy"):
            source = cells[f"clinic-{name}"].source
            source = source.replace("data.load()", 'data.load("digits")')
            run(source.replace("steps=150", "steps=60"), names)
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


@pytest.mark.parametrize("id", CASES)
def test_the_symptom_goes_with_the_repair(id, cells, ward):
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
    assert said[0] != said[1]


@pytest.mark.parametrize(
    "id, words",
    {
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
        "checkpoint": "on disk: []",
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
    """Softmax twice and gradients that pile up, but not case 16: the rest learns."""
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


def test_labels_of_other_forms_that_are_right_are_accepted():
    def by_view(logits, labels):
        return nn.functional.cross_entropy(logits, labels.view(-1).to(torch.int64))

    assert exercises.check("clinic.labels", by_view)


def test_the_other_repair_of_the_features_is_accepted():
    def smaller():
        return nn.Sequential(
            *(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(256, 120), nn.ReLU()),
            *(nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
        )

    assert exercises.check("clinic.features", smaller)


def test_a_figure_with_a_name_of_its_own_may_be_saved_after_show():
    def save_curve(plt, losses, path):
        fig, ax = plt.subplots()
        ax.plot(losses)
        ax.set(xlabel="step")
        plt.show()
        fig.savefig(path)

    assert exercises.check("clinic.figure", save_curve)


def test_a_gradient_mask_is_a_right_repair_of_the_connections():
    class Hooked(nn.Module):
        def __init__(self, mask):
            super().__init__()
            self.conv = nn.Conv2d(6, 16, 5)
            four = mask[:, :, None, None]
            with torch.no_grad():
                self.conv.weight.mul_(four)
            self.conv.weight.register_hook(lambda grad: grad * four)

        def forward(self, x):
            return self.conv(x)

    assert exercises.check("clinic.mask", Hooked)


def test_pyplot_of_the_check_forgets_its_figure_like_a_notebook(tmp_path):
    fake = InlinePyplot()
    fake.plot([1, 2])
    figure = fake.gcf()
    fake.show()
    assert fake.gcf() is not figure and not fake.gca().lines


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
