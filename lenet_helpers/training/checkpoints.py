"""Checkpoints that are whole or absent, and that say what they belong to."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from lenet_helpers import files


class CheckpointError(RuntimeError):
    """A checkpoint cannot be read, or belongs to another model or run."""


def save(path: str | os.PathLike, state: dict) -> None:
    """Write ``state`` in one move: a reader sees the old file or the new one.

    Raises:
        CheckpointError: the folder cannot be written to, or the disk is full.
    """
    try:
        files.replace(path, lambda file: torch.save(state, file))
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"cannot write the checkpoint {Path(path).name}: {error}"
        ) from error


def check_writable(path: str | os.PathLike) -> None:
    """Raise CheckpointError now if ``save`` could not write there later."""
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CheckpointError(
            f"cannot write the checkpoint {Path(path).name}: {error}"
        ) from error


def load(path: str | os.PathLike) -> dict:
    """Read what ``save`` wrote, onto the CPU.

    Raises:
        FileNotFoundError: there is none.
        CheckpointError: the file is not a whole checkpoint.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except Exception as error:  # torch raises many kinds on a damaged file
        raise CheckpointError(
            f"{Path(path).name} is not a whole checkpoint ({type(error).__name__}); "
            "delete it to start afresh, or resume from another file"
        ) from error
    if not isinstance(state, dict) or "model" not in state:
        raise CheckpointError(
            f"{Path(path).name} was not written by training.fit: it holds no model"
        )
    return state


def check_whole(state: dict, expected: dict) -> None:
    """Raise CheckpointError unless ``state`` has all that ``fit`` goes on from."""
    if missing := [name for name in expected if name not in state]:
        raise CheckpointError(
            f"the checkpoint lacks {', '.join(missing)}: it was not written by this "
            "version of training.fit; load its weights yourself, or start afresh"
        )


def load_model(model: nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Put ``weights`` into ``model``; name the first thing that does not fit.

    Raises:
        CheckpointError: the weights are those of another architecture.
    """
    mine = model.state_dict()
    for name in [*mine, *weights]:
        ours = list(mine[name].shape) if name in mine else "nothing"
        theirs = list(weights[name].shape) if name in weights else "nothing"
        if ours != theirs:
            raise CheckpointError(
                f"the checkpoint is of another model: {name} is {theirs} there "
                f"and {ours} here"
            )
    model.load_state_dict(weights)
