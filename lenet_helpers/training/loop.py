"""The inside of ``training.fit``: one epoch, what to keep of it, how to go on."""

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lenet_helpers.checks import taken
from lenet_helpers.training import checkpoints, devices
from lenet_helpers.training.history import History

LOOK_EVERY = 50  # steps between looks at the loss; each look waits for the device


class TrainingDiverged(RuntimeError):
    """The loss became NaN or infinite."""


class Run:
    """A training run between two epochs: everything needed to continue it."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        scheduler: torch.optim.lr_scheduler.LRScheduler | None,
        settings: dict,
        amp: torch.dtype | None = None,
    ):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.settings, self.amp = settings, amp
        self.device = devices.device_of(model)
        self.scaler = devices.scaler(self.device, amp)
        self.history = History(device=self.device.type, seed=settings["seed"])
        self.order = torch.Generator().manual_seed(settings["seed"])
        self.best: dict[str, Tensor] | None = None
        self.rate = optimizer.param_groups[0]["lr"]  # of the last step taken

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.history.rows)

    def train_epoch(
        self,
        images: Tensor,
        labels: Tensor,
        loss_fn: Callable[[Tensor, Tensor], Tensor],
        augment: Callable[[Tensor], Tensor] | None,
    ) -> dict:
        """See every image once, in random order; mean loss and accuracy on the way."""
        self.model.train()
        order = torch.randperm(len(labels), generator=self.order).to(labels.device)
        losses, sizes = [], []
        correct = torch.zeros((), dtype=torch.int64, device=labels.device)
        for batch in order.split(self.settings["batch_size"]):
            with devices.explained(self.device, len(batch)):
                x, y = images[batch], labels[batch]
                if augment is not None:
                    x = _tensor(augment(x), "augment", "a batch of images")
                with devices.autocast(self.device, self.amp), taken(self.model, x):
                    logits = self.model(x)
                loss = loss_fn(logits if self.amp is None else logits.float(), y)
                self._step(_tensor(loss, "loss_fn", "the mean loss"))
            correct += (logits.detach().argmax(1) == y).sum()
            losses.append(loss.detach())
            sizes.append(len(y))
            if len(losses) % LOOK_EVERY == 0:
                self._look_at(losses[-LOOK_EVERY:], len(losses))
        self._look_at(losses[-LOOK_EVERY:], len(losses))
        self._look_at_weights()
        values = torch.stack(losses).cpu()
        self.history.step_losses += values.tolist()
        mean = values.double() @ torch.tensor(sizes, dtype=torch.float64) / len(labels)
        return {
            "epoch": self.epoch + 1,
            "train_loss": mean.item(),
            "train_accuracy": correct.item() / len(labels),
        }

    def _step(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.rate = self.optimizer.param_groups[0]["lr"]
        if self.scheduler is not None:
            self.scheduler.step()

    def _look_at(self, losses: list[Tensor], step: int) -> None:
        finite = torch.stack(losses).isfinite()
        if finite.all():
            return
        first = step - len(losses) + int((~finite).int().argmax())
        value = losses[first - step].item()
        raise self._diverged(f"the loss is {value}", f", step {first + 1}")

    def _look_at_weights(self) -> None:
        """The last step of an epoch may have spoilt weights that no loss has seen."""
        largest = torch._foreach_norm(list(self.model.parameters()), ord=math.inf)
        if not torch.stack([n.float() for n in largest]).isfinite().all():
            raise self._diverged("a weight is NaN or infinite", "'s last step")

    def _diverged(self, what: str, where: str) -> TrainingDiverged:
        kept = (
            "the weights of the best epoch are put back"
            if self.best
            else "no epoch was finished: build the model anew"
        )
        return TrainingDiverged(
            f"{what} at epoch {self.epoch + 1}{where} (learning rate {self.rate:g}); "
            f"{kept}. Try a smaller learning rate, and look for NaN or unnormalised "
            "pixels in the data"
        )

    def record(self, row: dict) -> None:
        """Add a finished epoch; keep its weights if it is the best so far."""
        row["lr"] = self.rate
        self.history.rows.append(row)
        if self.best is None or _rank(row) > _rank(self.history.best):
            self.history.best_epoch = self.epoch
            self.best = copy.deepcopy(self.model.state_dict())

    def has_stalled(self, patience: int | None) -> bool:
        """Whether ``patience`` epochs have passed since the best one."""
        return patience is not None and self.epoch - self.history.best_epoch >= patience

    def restore_best(self) -> None:
        """Put the best epoch's weights into the model, if an epoch was finished."""
        if self.best is not None:
            self.model.load_state_dict(self.best)

    def summary(self) -> str:
        """The last epoch in a few words, for a progress bar."""
        row = self.history.rows[-1]
        text = f"loss {row['train_loss']:.4f}"
        if row["val_accuracy"] is not None:
            text += f", validation {row['val_accuracy']:.2%}"
        return text

    def state(self) -> dict:
        """Everything a checkpoint needs."""
        return {
            "model": self.model.state_dict(),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict() if self.scheduler else None,
            "scaler": self.scaler.state_dict(),
            "order": self.order.get_state(),
            "random": devices.random_state(),
            "rows": self.history.rows,
            "step_losses": self.history.step_losses,
            "best_epoch": self.history.best_epoch,
            "settings": self.settings,
        }

    def restore(self, state: dict) -> None:
        """Continue from ``state()``; after an error the model is as it was.

        Raises:
            CheckpointError: it is of another model, version, or run.
        """
        checkpoints.check_whole(state, self.state())
        for name, value in self.settings.items():
            theirs = state["settings"].get(name)
            if theirs != value:
                raise checkpoints.CheckpointError(
                    f"the checkpoint is of a run with {name}={theirs}, not {value}; "
                    "give the same settings or another checkpoint file"
                )
        before = copy.deepcopy(self.model.state_dict())
        checkpoints.load_model(self.model, state["model"])
        try:
            self.optimizer.load_state_dict(state["optimizer"])
            if self.scheduler is not None:
                self.scheduler.load_state_dict(state["scheduler"])
            self.scaler.load_state_dict(state["scaler"])
            self.order.set_state(state["order"])
            devices.set_random_state(state["random"])
        except (RuntimeError, TypeError, ValueError, KeyError) as error:
            self.model.load_state_dict(before)
            raise checkpoints.CheckpointError(
                f"the checkpoint cannot be gone on from ({error!r}); delete it to "
                "start afresh"
            ) from error
        self.best = state["best"]
        self.history.rows = state["rows"]
        self.history.step_losses = state["step_losses"]
        self.history.best_epoch = state["best_epoch"]


def _tensor(value, maker: str, what: str) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{maker} returned a {type(value).__name__}; expected a tensor, {what}"
        )
    return value


def _rank(row: dict) -> tuple:
    """Higher is better; without validation every later epoch is better."""
    if row["val_accuracy"] is None:
        return (row["epoch"],)
    return (row["val_accuracy"], -row["val_loss"])
