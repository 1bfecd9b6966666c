"""Which device to compute on, what it can do, and the seeds of everything random."""

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy
import torch
from torch import nn

NO_MEMORY = "out of memory", "can't allocate memory", "not enough memory"
ELSEWHERE = "same device", "not on the expected device", "Input type (torch.cuda"


class OutOfMemory(RuntimeError):
    """The device's memory does not hold what was asked of it."""


class MixedDevices(RuntimeError):
    """Tensors that have to meet lie on different devices."""


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
    """Seed Python's, NumPy's and torch's generators (CPU and every accelerator)."""
    random.seed(seed)
    numpy.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def random_state() -> dict:
    """Where all of these generators stand, in a form that a checkpoint can hold."""
    kind, keys, *rest = numpy.random.get_state()
    state = {
        "python": random.getstate(),
        "numpy": (kind, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def set_random_state(state: dict) -> None:
    """Go on from ``random_state()``; an accelerator that is gone is left out."""
    random.setstate(state["python"])
    numpy.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"][: torch.cuda.device_count()])


def device_of(model: nn.Module) -> torch.device:
    """The one device that holds the model; the CPU if it holds no tensor.

    Raises:
        MixedDevices: its parameters and buffers are spread over several.

    >>> device_of(nn.Linear(2, 2))
    device(type='cpu')
    """
    places = {}
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        places.setdefault(tensor.device, name)
    if len(places) > 1:
        found = ", ".join(f"{name} on {device}" for device, name in places.items())
        raise MixedDevices(f"the model is on several devices: {found}; move it whole")
    return next(iter(places), torch.device("cpu"))


def autocast(device: torch.device, dtype: torch.dtype | None) -> AbstractContextManager:
    """Mixed precision on ``device``: products in ``dtype``, the rest in float32.

    None changes nothing. bfloat16 has float32's range; float16 is finer, but its small
    gradients become zero unless the loss is scaled, as ``scaler`` does.

    Raises:
        ValueError: another type, or one that the device lacks.

    >>> with autocast(torch.device("cpu"), torch.bfloat16):
    ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
    torch.bfloat16
    """
    if dtype is None:
        return nullcontext()
    if dtype not in (torch.bfloat16, torch.float16):
        raise ValueError(
            f"amp={dtype}: torch.bfloat16, torch.float16, or None for full float32"
        )
    if dtype == torch.bfloat16 and not _has_bfloat16(device):
        raise ValueError(
            f"{device} has no bfloat16; use amp=torch.float16, or leave amp=None "
            "(float32)"
        )
    return torch.autocast(device.type, dtype)


def scaler(device: torch.device, dtype: torch.dtype | None) -> torch.amp.GradScaler:
    """Scales the loss for float16, so that small gradients survive; else does nothing.

    Source: Micikevicius et al. 2018 (arXiv:1710.03740), section 3.2.

    >>> scaler(torch.device("cpu"), torch.float16).scale(torch.tensor(1.0))
    tensor(65536.)
    """
    return torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.amp.is_autocast_available(device.type)


@contextmanager
def explained(device: torch.device, batch_size: int) -> Iterator[None]:
    """Around a step on ``batch_size`` images: torch's errors, with what to do.

    Raises:
        OutOfMemory: names the batch and suggests half of it.
        MixedDevices: some tensor was left on another device than ``device``.

    >>> with explained(torch.device("cpu"), 64):
    ...     torch.empty(2**62, dtype=torch.uint8)
    Traceback (most recent call last):
    ...
    lenet_helpers.training.devices.OutOfMemory: cpu has no memory left for a batch of \
64 images; try batch_size=32
    """
    try:
        yield
    except RuntimeError as error:
        if _is_out_of_memory(error):
            smaller = (
                f"try batch_size={batch_size // 2}"
                if batch_size > 1
                else "a smaller network or image is all that helps"
            )
            raise OutOfMemory(
                f"{device} has no memory left for a batch of {batch_size} images; "
                f"{smaller}"
            ) from error
        if any(sign in str(error) for sign in ELSEWHERE):
            raise MixedDevices(
                f"model, images and labels are on {device}, but something that they "
                "meet is not: move the tensors in your loss_fn and augment there, and "
                "register the model's own ones as buffers"
            ) from error
        raise


def _is_out_of_memory(error: RuntimeError) -> bool:
    """CUDA has a class for it; MPS and the CPU only words."""
    return isinstance(error, torch.OutOfMemoryError) or any(
        sign in str(error) for sign in NO_MEMORY
    )
