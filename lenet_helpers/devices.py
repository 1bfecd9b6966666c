"""Which device to compute on, and the seeds of everything random."""

import random

import torch


def pick_device(name: str | torch.device | None = None) -> torch.device:
    """The device to compute on: the one named, else CUDA, else MPS, else the CPU.

    Raises:
        ValueError: the name is no device, or that device is not there.

    >>> pick_device("cpu")
    device(type='cpu')
    """
    present = ["cpu"]
    if torch.backends.mps.is_available():
        present.insert(0, "mps")
    if torch.cuda.is_available():
        present.insert(0, "cuda")
    if name is None:
        return torch.device(present[0])
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"{name!r} is no device; try {', '.join(present)}") from error
    too_high = (device.index or 0) >= max(1, torch.cuda.device_count())
    if device.type not in present or too_high:
        raise ValueError(f"no {name!r} on this machine; it has {', '.join(present)}")
    return device


def seed_everything(seed: int = 0) -> None:
    """Seed Python's and torch's generators (CPU and every accelerator)."""
    random.seed(seed)
    torch.manual_seed(seed)
