"""What all code of a process shares: the state a check begins in, and puts back."""

import contextlib
import random
import sys
import warnings
from collections.abc import Iterator

import numpy as np
import torch

_PUT_BACK = [
    (torch.get_rng_state, torch.set_rng_state),
    (np.random.get_state, np.random.set_state),
    (random.getstate, random.setstate),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (torch.is_grad_enabled, torch.set_grad_enabled),
]


@contextlib.contextmanager
def known() -> Iterator[None]:
    """Gradients, float32 and fixed seeds within; afterwards all is as it was.

    So a verdict does not depend on what the notebook did before, nor the notebook on
    what an answer does.

    >>> with torch.no_grad(), known():
    ...     torch.is_grad_enabled()
    True
    """
    before = [(put, get()) for get, put in _PUT_BACK]
    try:
        with (
            torch.inference_mode(False),
            torch.device("cpu"),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("default")  # a notebook may make them errors
            torch.set_grad_enabled(True)
            torch.set_default_dtype(torch.float32)
            torch.set_float32_matmul_precision("highest")
            torch.manual_seed(0)
            np.random.seed(0)
            random.seed(0)
            yield
    finally:
        for put, value in before:
            put(value)


def generators() -> dict[str, list]:
    """The generators of random numbers that everything shares, each as it is now.

    >>> before = generators()
    >>> _ = random.random()
    >>> [name for name, now in generators().items() if now != before[name]]
    ['Python']
    """
    numpy = np.random.get_state()
    return {
        "PyTorch": torch.get_rng_state().tolist(),
        "NumPy": [*numpy[1].tolist(), *numpy[2:]],
        "Python": list(random.getstate()),
    }
