"""Training and evaluation: one seeded, device-agnostic loop that can be resumed.

``fit`` is the loop of chapter 08 with what a long run needs around it: a validation
split, the best weights kept, a checkpoint after each epoch. The data set moves to
the device once, as tensors, so there is no loader to wait for.
"""

import math
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import TensorDataset
from tqdm.auto import tqdm

from lenet_helpers.checks import check_images, check_labels, taken
from lenet_helpers.training import checkpoints
from lenet_helpers.training.devices import (
    MixedDevices,
    OutOfMemory,
    autocast,
    device_of,
    explained,
    pick_device,
    seed_everything,
)
from lenet_helpers.training.history import History, Scores
from lenet_helpers.training.loop import Run, TrainingDiverged

__all__ = [
    "History",
    "MixedDevices",
    "OutOfMemory",
    "Scores",
    "TrainingDiverged",
    "evaluate",
    "fit",
    "pick_device",
    "seed_everything",
    "split",
]

OPTIMIZERS = {
    "adam": partial(torch.optim.Adam, fused=True),
    "adamw": partial(torch.optim.AdamW, fused=True),
    "sgd": partial(torch.optim.SGD, fused=True),
}


def split(
    dataset: TensorDataset, validation: int | float, seed: int = 0
) -> tuple[TensorDataset, TensorDataset]:
    """Cut a data set at random into (train, validation); same seed, same cut.

    ``validation`` is a number of images (int), or a share of them (float below 1).

    Raises:
        ValueError: nothing would be left on one side.

    >>> digits = TensorDataset(torch.zeros(10, 1, 32, 32), torch.zeros(10).long())
    >>> [len(part) for part in split(digits, 0.2)]
    [8, 2]
    """
    images, labels = _pair(dataset)
    share = isinstance(validation, float)
    size = round(validation * len(labels)) if share else validation
    if not 0 < size < len(labels):
        raise ValueError(
            f"validation={validation:g} leaves nothing on one side of "
            f"{len(labels)} images; give a share such as 0.1"
        )
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    held, kept = order[:size], order[size:]
    return (
        TensorDataset(images[kept], labels[kept]),
        TensorDataset(images[held], labels[held]),
    )


@torch.inference_mode()
def evaluate(
    model: nn.Module,
    dataset: TensorDataset,
    *,
    device: str | torch.device | None = None,
    batch_size: int = 1000,
    loss_fn: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
) -> Scores:
    """Score a model: evaluation mode, no gradients, mean loss over images.

    ``device=None`` leaves the model where it is. The model's mode is restored.

    Raises:
        TypeError, ValueError: images or labels that the model cannot take.
        OutOfMemory, MixedDevices: as in ``fit``.
    """
    device = pick_device(device) if device else device_of(model)
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}: it starts at 1")
    images, labels = _pair(dataset)
    check_images(images)
    was_training = {module: module.training for module in model.modules()}
    model.to(device).eval()
    try:
        with (
            taken(model, images[:batch_size]),
            explained(device, min(batch_size, len(images))),
        ):
            parts = [model(part.to(device)) for part in images.split(batch_size)]
    finally:
        for module, mode in was_training.items():
            module.training = mode
    logits = _logits(torch.cat(parts) if isinstance(parts[0], Tensor) else parts[0])
    check_labels(labels, len(images), logits.shape[1])
    loss = loss_fn(logits, labels.to(device)).item()
    return Scores(loss, logits.cpu(), labels.cpu())


def fit(
    model: nn.Module,
    data,
    *,
    epochs: int,
    batch_size: int = 64,
    lr: float = 1e-3,
    optimizer: str | Callable[..., torch.optim.Optimizer] = "adam",
    schedule: str | Callable | None = None,
    validation: int | float | TensorDataset | None = 1 / 12,
    augment: Callable[[Tensor], Tensor] | None = None,
    loss_fn: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    patience: int | None = None,
    checkpoint: str | os.PathLike | None = None,
    resume: bool = False,
    device: str | torch.device | None = None,
    amp: torch.dtype | None = None,
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Train ``model`` in place and leave the weights of its best epoch in it.

    Best means the highest validation accuracy, ties going to the lower validation
    loss; without validation the last epoch counts as best.

    Args:
        data: what ``data.load`` returns (its ``.train`` is used, never ``.test``),
            or a TensorDataset of float32 [N, C, H, W] and int64 [N].
        epochs: how often every training image is seen.
        lr: learning rate; with "one-cycle" its peak.
        optimizer: "adam", "adamw", "sgd", or a callable (parameters, lr=) such as
            ``functools.partial(torch.optim.SGD, momentum=0.9)``.
        schedule: None (constant), "one-cycle", "cosine", "step" (a tenth after each
            third), or a callable (optimizer, total_steps) that gives a scheduler;
            stepped after every batch.
        validation: share (float) or number (int) of training images held out (1/12 of
            MNIST is 5,000), a data set of its own, or None.
        augment: applied to each batch of images on the device.
        patience: stop after so many epochs without a better one.
        checkpoint: file written whole after each epoch. With ``resume`` it is
            continued from when it exists, as if nothing had happened.
        amp: None (float32), or ``torch.bfloat16`` or ``torch.float16`` (with the loss
            scaled) for the products of the forward and backward passes; weights, loss
            and validation stay in float32.
        seed: fixes split, order, dropout and augmentation; the weights that
            ``model`` came with are the caller's.

    Raises:
        TrainingDiverged: NaN or infinite loss or weights; the best weights so far are
            put back.
        CheckpointError: a damaged checkpoint, one of another model or run, or a place
            that cannot be written to.
        OutOfMemory: says at which batch size, and which one to try.
        MixedDevices: the model, ``loss_fn`` or ``augment`` keeps a tensor elsewhere.
        TypeError, ValueError: data, device or settings that cannot work.
    """
    device = pick_device(device)
    autocast(device, amp)
    _check_settings(batch_size, epochs, lr, patience, loss_fn)
    train, held = _datasets(data, validation, seed)
    model.to(device, memory_format=torch.channels_last)  # max pooling: 1.3x on a CPU
    for part in (train, held):
        _try(model, part, device)
    seed_everything(seed)
    images, labels = (t.to(device) for t in train.tensors)
    opt = _choose(OPTIMIZERS, "optimizer", optimizer)(model.parameters(), lr=lr)
    steps = epochs * -(-len(labels) // batch_size)
    scheduler = _scheduler(schedule, opt, steps, lr)
    settings = {"batch_size": batch_size, "lr": lr, "seed": seed, "images": len(labels)}
    settings["validation"] = len(held) if held else None
    settings["optimizer"] = _described(opt)
    settings["schedule"] = type(scheduler).__name__ if scheduler else None
    settings["amp"] = str(amp) if amp else None
    if schedule is not None:
        settings["epochs"] = epochs  # a schedule is laid out over all of them
    run = Run(model, opt, scheduler, settings, amp)
    if checkpoint is not None:
        checkpoint = Path(checkpoint).expanduser()
        checkpoints.check_writable(checkpoint)
        if resume and checkpoint.exists():
            run.restore(checkpoints.load(checkpoint))
    _check_epochs(run.epoch, epochs)
    try:
        with tqdm(
            total=epochs, initial=run.epoch, disable=not progress, leave=False
        ) as bar:
            while run.epoch < epochs and not run.has_stalled(patience):
                start = time.perf_counter()
                row = run.train_epoch(images, labels, loss_fn, augment)
                row |= _validate(model, held, loss_fn)
                run.record(row | {"seconds": time.perf_counter() - start})
                if checkpoint is not None:
                    checkpoints.save(checkpoint, run.state())
                bar.update()
                bar.set_postfix_str(run.summary())
    finally:
        run.restore_best()
        model.to(memory_format=torch.contiguous_format)
    return run.history


def _pair(dataset: TensorDataset) -> tuple[Tensor, Tensor]:
    if len(dataset.tensors) != 2:
        raise ValueError(
            f"the data set holds {len(dataset.tensors)} tensors; expected two, images "
            "and labels"
        )
    return dataset.tensors


def _datasets(data, validation, seed) -> tuple[TensorDataset, TensorDataset | None]:
    train = getattr(data, "train", data)
    if not isinstance(train, TensorDataset):
        raise TypeError(
            f"data is a {type(train).__name__}; give what data.load returns, or a "
            "TensorDataset of images and labels"
        )
    if validation is None or isinstance(validation, TensorDataset):
        return train, validation
    return split(train, validation, seed)


def _check_settings(batch_size, epochs, lr, patience, loss_fn) -> None:
    if batch_size < 1 or epochs < 1:
        raise ValueError(f"batch_size={batch_size}, epochs={epochs}: both start at 1")
    if not 0 <= float(lr) < math.inf:
        raise ValueError(f"lr={lr}: a learning rate is finite and not negative")
    if patience is not None and patience < 1:
        raise ValueError(f"patience={patience}: at least one epoch, or None")
    if isinstance(loss_fn, type):
        name = loss_fn.__name__
        raise TypeError(f"loss_fn is the class {name}; give an instance: {name}()")


def _check_epochs(done: int, asked: int) -> None:
    if done > asked:
        raise checkpoints.CheckpointError(
            f"the checkpoint has {done} epochs, epochs={asked} are asked for: ask for "
            "more, or start afresh in another file"
        )


def _try(model: nn.Module, dataset: TensorDataset | None, device: torch.device) -> None:
    """Whether the network takes these images and labels: one image goes through it."""
    if dataset is None:
        return
    if not any(p.requires_grad for p in model.parameters()):
        raise ValueError("nothing to train: no parameter of the model requires_grad")
    images, labels = _pair(dataset)
    check_images(images)
    check_labels(labels, len(images))
    scores = evaluate(
        model,
        TensorDataset(images[:1], labels[:1] * 0),
        device=device,
        loss_fn=lambda logits, labels: logits.sum(),
    )
    check_labels(labels, len(images), scores.logits.shape[1])


def _logits(output) -> Tensor:
    if not isinstance(output, Tensor) or output.dim() != 2:
        kind = (
            f"a tensor of shape {list(output.shape)}"
            if isinstance(output, Tensor)
            else f"a {type(output).__name__}"
        )
        raise ValueError(f"the network returns {kind}; expected logits [N, classes]")
    return output


def _described(optimizer: torch.optim.Optimizer) -> str:
    """Its kind and settings but for the rate, which has a line of its own."""
    settings = {k: v for k, v in optimizer.defaults.items() if k != "lr"}
    return f"{type(optimizer).__name__} {settings}"


def _choose(table: dict, what: str, wanted):
    if callable(wanted):
        return wanted
    if wanted not in table:
        raise ValueError(f"{what}={wanted!r} is not one of {', '.join(table)}")
    return table[wanted]


def _scheduler(schedule, opt, steps, lr):
    if schedule is None:
        return None
    plans = {
        "one-cycle": partial(torch.optim.lr_scheduler.OneCycleLR, max_lr=lr),
        "cosine": torch.optim.lr_scheduler.CosineAnnealingLR,
        "step": lambda opt, n: torch.optim.lr_scheduler.StepLR(opt, max(1, n // 3)),
    }
    if schedule == "one-cycle":
        return plans[schedule](opt, total_steps=steps)
    return _choose(plans, "schedule", schedule)(opt, steps)


def _validate(model, held, loss_fn) -> dict:
    if held is None:
        return {"val_loss": None, "val_accuracy": None}
    scores = evaluate(model, held, loss_fn=loss_fn)
    return {"val_loss": scores.loss, "val_accuracy": scores.accuracy}
