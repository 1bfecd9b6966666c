"""A dataset that shows which random numbers a worker draws.

It stands in a module and not in the chapter, because workers that are spawned (on macOS
and Windows) import what they run; a class of a notebook they cannot find.
"""

import random

import numpy as np
import torch
from torch.utils.data import Dataset, get_worker_info


class Draws(Dataset):
    """Item i: the worker's number, and one draw from each of four generators."""

    def __init__(self, length: int = 4):
        self.length = length
        self.rng = np.random.default_rng(0)  # copied into every worker

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, float]:
        worker = get_worker_info()
        return {
            "worker": -1 if worker is None else worker.id,
            "torch.rand": torch.rand(()).item(),
            "random.random": random.random(),
            "np.random.rand": float(np.random.rand()),
            "self.rng": float(self.rng.random()),
        }
