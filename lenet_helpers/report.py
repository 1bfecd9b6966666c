"""What an issue should say of the machine: ``python -m lenet_helpers.report``.

It answers even where torch or a data set is broken, and downloads nothing.
"""

import os
import platform
import subprocess
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ["torch", "torchvision", "numpy", "scipy", "scikit-learn", "pandas"]
PACKAGES += ["matplotlib", "ipywidgets", "jupyterlab", "jupyter-book"]


def report() -> Iterator[tuple[str, str]]:
    """Names and values, line by line."""
    yield "book", _or_why(_commit)
    yield "system", f"{platform.platform()}, {os.cpu_count()} cores"
    yield "python", platform.python_version()
    for package in PACKAGES:
        yield package, _version(package)
    yield "device", _or_why(_device)
    yield "MNIST", _or_why(lambda: _data("mnist"))
    yield "CIFAR-10", _or_why(lambda: _data("cifar"))


def _or_why(ask: Callable[[], str]) -> str:
    """The answer, or the first line of what came instead."""
    try:
        return ask()
    except Exception as error:
        return f"{type(error).__name__}: {error}".split("\n")[0]


def _commit() -> str:
    command = ["git", "log", "-1", "--format=%h of %cs"]
    done = subprocess.run(
        command, cwd=Path(__file__).parent, capture_output=True, text=True
    )
    return done.stdout.strip() or "no git checkout"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _device() -> str:
    import torch

    from lenet_helpers.training import pick_device

    device = pick_device()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    return f"{device} {name}".strip() + f", {torch.get_num_threads()} threads"


def _data(module: str) -> str:
    find = import_module(f"lenet_helpers.data.{module}").find
    from lenet_helpers.data.places import NotFound

    try:
        raw, source = find(None, may_download=False)
    except NotFound:
        return "not here"
    return ": ".join(filter(None, [source, getattr(raw, "remark", "")]))


if __name__ == "__main__":
    for name, value in report():
        print(f"{name:13} {value}")
