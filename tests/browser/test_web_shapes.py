"""The page's arithmetic agrees with lenet_helpers.shapes, which runs real layers."""

import random

import pytest
from torch import nn

from lenet_helpers import shapes
from lenet_helpers.models import ModernLeNet5
from tests.browser.web_runner import WEB, run_javascript

TRACE = "stacks => stacks.map(([input, layers]) => Shapes.trace(input, layers))"


def javascript(stacks: list) -> list[dict]:
    return run_javascript([WEB / "shapes.js"], TRACE, stacks)


def random_stack(rng: random.Random) -> tuple[dict, list[dict]]:
    """One to six layers on a small image; many do not fit together."""

    def layer() -> dict:
        window = {
            "kernel": rng.choice([1, 2, 3, 3, 5, 7]),
            "stride": rng.choice([1, 1, 2, 3]),
            "padding": rng.choice([0, 0, 1, 2]),
            "dilation": rng.choice([1, 1, 1, 2]),
        }
        channels = rng.choice([1, 2, 4, 6, 12])
        kind = rng.choice(["conv", "conv", "pool", "pool", "linear"])
        if kind == "conv":
            groups = rng.choice([1, 1, 1, 2, 3])
            return window | {"kind": kind, "channels": channels, "groups": groups}
        return (
            {"kind": "pool", **window}
            if kind == "pool"
            else dict(kind=kind, channels=channels)
        )

    image = {"channels": rng.choice([1, 2, 3, 4]), "size": rng.randint(5, 40)}
    return image, [layer() for _ in range(rng.randint(1, 6))]


def torch_rows(image: dict, layers: list[dict]) -> list[dict]:
    """What shapes.trace reports for the same layers, built in PyTorch."""
    modules, channels, size = [], image["channels"], image["size"]
    for layer in layers:
        window = [layer.get(k) for k in ("kernel", "stride", "padding", "dilation")]
        if layer["kind"] == "pool":
            modules.append(nn.MaxPool2d(*window))
        elif layer["kind"] == "conv":
            out = layer["channels"]
            modules.append(nn.Conv2d(channels, out, *window, layer["groups"]))
            channels = out
        else:
            if not modules or not isinstance(modules[-1], nn.Linear):
                modules.append(nn.Flatten())
                shape = (image["channels"], size, size)
                before = shapes.trace(nn.Sequential(*modules), shape)
                (channels,) = before[-1].output_shape
            modules.append(nn.Linear(channels, layer["channels"]))
            channels = layer["channels"]
    rows = shapes.trace(nn.Sequential(*modules), (image["channels"], size, size))
    return [
        {
            "output": list(row.output_shape),
            "params": row.params,
            "macs": row.macs,
            "connections": row.connections,
            "field": row.receptive_field,
            "jump": row.jump,
        }
        for row in rows
        if row.kind != "Flatten"
    ]


def page_rows(found: dict) -> list[dict]:
    names = ("params", "macs", "connections", "field", "jump")
    return [
        {
            "output": [row["channels"]]
            + ([] if row["flat"] else [row["size"], row["size"]]),
            **{name: row[name] for name in names},
        }
        for row in found["rows"]
    ]


def test_equals_pytorch_layers_on_1000_random_stacks():
    rng = random.Random(0)
    stacks = [random_stack(rng) for _ in range(1000)]
    faults = 0
    for (image, layers), found in zip(stacks, javascript(stacks), strict=True):
        if (error := found["error"]) is None:
            assert page_rows(found) == torch_rows(image, layers)
            continue
        faults += 1
        good = layers[: error["layer"]]
        assert page_rows(found) == (torch_rows(image, good) if good else [])
        with pytest.raises(ValueError):  # PyTorch refuses the same layer
            torch_rows(image, layers[: error["layer"] + 1])
    assert 200 < faults < 800


def test_lenet5_has_its_numbers():
    window = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    pool = {"kind": "pool", "kernel": 2, "stride": 2, "padding": 0, "dilation": 1}

    def conv(channels):
        return {"kind": "conv", "channels": channels, "kernel": 5, **window}

    layers = [conv(6), pool, conv(16), pool, conv(120)]
    layers += [{"kind": "linear", "channels": n} for n in (84, 10)]
    (found,) = javascript([[{"channels": 1, "size": 32}, layers]])
    model = shapes.trace(ModernLeNet5())
    assert found["total"]["params"] == model.params == 61_706
    assert found["total"]["macs"] == model.macs == 416_520
    assert [row["name"] for row in found["rows"]] == [
        *("C1", "S2", "C3", "S4", "C5", "F6", "Output")
    ]


GOOD = {"kind": "conv", "channels": 4, "kernel": 3, "stride": 1, "padding": 0} | {
    "dilation": 1,
    "groups": 1,
}


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"kernel": None}, "kernel", "whole number"),
        ({"kernel": 2.5}, "kernel", "whole number"),
        ({"stride": 0}, "stride", "between 1 and"),
        ({"padding": -1}, "padding", "between 0 and"),
        ({"channels": 10**9}, "channels", "between 1 and 100,000"),
        ({"kernel": 9}, "kernel", "does not fit into 8 pixels"),
        ({"dilation": 4, "padding": 0}, "kernel", "spans 9"),
        ({"groups": 3}, "groups", "divide"),
        ({"channels": 100_000, "padding": 99_999}, "channels", "exactly"),
    ],
)
def test_bad_values_are_named_and_never_become_nan(change, field, words):
    stack = [{"channels": 8, "size": 8}, [GOOD | change]]
    if "exactly" in words:
        stack[0] = {"channels": 100_000, "size": 100_000}
    (found,) = javascript([stack])
    assert found["rows"] == []
    assert found["error"]["field"] == field
    assert found["error"]["message"].startswith("C1: ")
    assert words in found["error"]["message"]
    assert "NaN" not in found["error"]["message"]


def test_a_convolution_cannot_follow_single_units():
    stack = [{"channels": 1, "size": 8}, [{"kind": "linear", "channels": 4}, GOOD]]
    (found,) = javascript([stack])
    assert found["error"]["layer"] == 1 and found["error"]["field"] == "kind"
    assert "needs maps" in found["error"]["message"]
