"""The pad's network: what is said of its refusals is what was measured."""

import os
import re

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_model

from experiments import records
from experiments.training import pad, pad_drawings
from lenet_helpers import data, models
from lenet_helpers.data.picture import stroke_width

RUNS = records.load("pad")["runs"]
BEST = max(RUNS, key=lambda row: row["val_accuracy"])


def facts() -> dict[str, str]:
    with safe_open(pad.WEIGHTS, framework="pt") as file:
        return file.metadata()


def test_the_weights_are_those_of_the_seed_that_validation_chose():
    kept = facts()
    assert len(RUNS) == 5
    for name, value in BEST.items():
        assert float(kept[name]) == value


@pytest.mark.skipif(not os.environ.get("LENET_DATA"), reason="no MNIST at hand")
def test_refusals_on_mnist_are_as_recorded():
    model = models.ModernLeNet5(activation="relu", pool="max").eval()
    load_model(model, pad.WEIGHTS)
    images, labels = data.load("mnist").test.tensors
    with torch.no_grad():
        powers = torch.cat([model(x) for x in images.split(1000)]).double().exp()
    none = 1 / (1 + powers.sum(1))  # the eleventh logit is 0
    refused = none >= BEST["threshold"]
    wrong = ~refused & (powers.argmax(1) != labels)
    assert 100 * refused.double().mean().item() == pytest.approx(BEST["refused"])
    assert 100 * wrong.double().mean().item() == pytest.approx(BEST["answered_wrongly"])


def test_the_page_gives_the_rates_that_were_measured(root):
    words = (root / "index.md").read_text()
    (digits,) = re.findall(r"also refuses ([\d.]+)\s% of\sMNIST's", words)
    (letters,) = re.findall(r"it turns away\s([\d.]+)\s% of letters", words)
    assert float(digits) == round(BEST["refused"], 2)
    assert float(letters) == round(BEST["letters_refused"], 1)


def test_the_threshold_refuses_no_more_than_was_allowed():
    class Known(torch.nn.Module):
        """The share of none is the pixel."""

        def forward(self, x):
            logits = torch.full([len(x), 11], -99.0)
            logits[:, 0] = ((1 - x) / x).log().flatten()
            logits[:, pad.NONE] = 0
            return logits

    shares = torch.linspace(0.001, 0.9, 1000)[torch.randperm(1000)]
    held = torch.utils.data.TensorDataset(shares.view(-1, 1, 1, 1), shares)
    limit = pad.threshold(Known(), held)
    assert (shares >= limit).sum() == pad.ALARM * 1000


@pytest.mark.parametrize("pen", [1.5, 3.0])
def test_a_drawing_has_the_line_that_was_asked_for_and_fills_the_box(pen):
    image = pad_drawings.drawn([[(0, 0), (0, 100)], [(0, 100), (60, 100)]], pen)
    rows = image.any(1).nonzero().flatten()
    assert rows[-1] - rows[0] + 1 == 20
    assert stroke_width(image).item() == pytest.approx(pen, rel=0.15)
