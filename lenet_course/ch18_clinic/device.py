"""The bug clinic, ward of engineering: a file that remembers where it came from."""

import contextlib
import io
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from lenet_course.exercises.checkers import Checker
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt

GPU = "cuda:15"  # the last of a server's sixteen; a reader's machine has none like it


def save_on_gpu(state: Mapping[str, Any], file) -> None:
    """``torch.save`` as a server does it whose tensors are on its sixteenth GPU.

    >>> file = io.BytesIO()
    >>> save_on_gpu({"w": torch.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> torch.load(file, map_location={GPU: "cpu"})
    {'w': tensor([1., 1.])}
    """
    tag = mock.patch.object(torch.serialization, "location_tag", lambda storage: GPU)
    with tag:
        torch.save(dict(state), file)


def _loading(load: Callable = lambda model, state: model.load_state_dict(state), **how):
    def restore(model, file):
        load(model, torch.load(file, **how))

    return restore


def _ignored(model, file):
    with contextlib.suppress(RuntimeError):
        model.load_state_dict(torch.load(file))


def _parameters_only(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    names = {name for name, _ in model.named_parameters()}
    model.load_state_dict({n: state[n] for n in names}, strict=False)


def _model() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten())


def _test_restore(answer: Callable) -> str | None:
    torch.manual_seed(0)
    trained, model = _model(), _model()
    trained(5 * torch.randn(4, 1, 5, 5) + 2)  # so that it has seen statistics
    want, before = trained.state_dict(), {k: v.clone() for k, v in _named(model)}
    file = io.BytesIO()
    save_on_gpu(want, file)
    file.seek(0)
    attempt(answer, model, file)
    now = dict(_named(model))
    if now.keys() != want.keys():
        return "The network has other weights than before: only their values change."
    if not all(
        v.device.type == "cpu" and v.dtype == want[k].dtype for k, v in _named(model)
    ):
        return "The network has changed its device or its type of numbers."
    old = [k for k in want if not torch.equal(now[k], want[k])]
    if any(torch.equal(now[k], before[k]) for k in old):
        return f"It runs, but `{old[0]}` is still what it was before."
    return f"`{old[0]}` is not what the file holds." if old else None


def _named(model: nn.Module) -> list[tuple[str, Tensor]]:
    return list(model.state_dict().items())


@exercise(
    "clinic.device",
    task="Repair `restore(model, file)` for a machine without that GPU.",
    checker=Checker(
        _test_restore,
        (
            (_loading(), "raises"),
            (_loading(map_location="meta"), "raises"),
            (_loading(weights_only=True), "raises"),
            (_loading(lambda model, state: None, map_location="cpu"), "still what it"),
            (_loading(_parameters_only, map_location="cpu"), "`1.running_mean`"),
            (_ignored, "still what it was before"),
        ),
        takes_function=True,
    ),
    hints=[
        "Every tensor in the file carries the name of its device.",
        "`torch.load` can be told where they go; the message names the argument.",
    ],
    more='`map_location="cpu"` always works; `load_state_dict` copies from there.',
)
def restore(model: nn.Module, file) -> None:
    """Everything to the CPU first; `load_state_dict` copies it to where the model is.

    **Why it is easy to miss.** Where it was written it can be read. And a file from
    `cuda:0` is read without an error on every machine that has one GPU: its tensors
    lie there a second time, beside the network, until `state` is gone.
    """
    state = torch.load(file, map_location="cpu", weights_only=True)
    model.load_state_dict(state)
