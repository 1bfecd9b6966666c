"""What training and evaluation leave behind: plain records, no plotting."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    import pandas


@dataclass
class History:
    """One row an epoch, and where the best weights were found.

    ``rows`` hold epoch, train_loss and train_accuracy (averaged while the weights
    were still moving), val_loss and val_accuracy (None without a validation set),
    lr (of the epoch's last step) and seconds. ``step_losses`` holds the loss of
    every optimiser step.
    """

    device: str = "cpu"
    seed: int = 0
    rows: list[dict] = field(default_factory=list)
    step_losses: list[float] = field(default_factory=list)
    best_epoch: int = 0

    @property
    def best(self) -> dict:
        """The row of the epoch whose weights were kept."""
        return self.rows[self.best_epoch - 1]

    def table(self) -> "pandas.DataFrame":
        """The rows as a DataFrame, one line an epoch."""
        import pandas

        return pandas.DataFrame(self.rows).set_index("epoch")


@dataclass(frozen=True)
class Scores:
    """How a model does on a data set.

    ``loss`` is the mean over images (not over batches), ``logits`` float32 [N, K] on
    the CPU, ``labels`` int64 [N].

    >>> s = Scores(loss=0.1, logits=torch.eye(3), labels=torch.tensor([0, 1, 1]))
    >>> s.errors, round(s.accuracy, 4)
    (1, 0.6667)
    """

    loss: float
    logits: Tensor = field(repr=False)
    labels: Tensor = field(repr=False)

    @cached_property
    def predictions(self) -> Tensor:
        """The class with the largest logit: int64 [N]."""
        return self.logits.argmax(1)

    @property
    def errors(self) -> int:
        """How many images are classified wrongly."""
        return int((self.predictions != self.labels).sum())

    @property
    def accuracy(self) -> float:
        """The share of images classified correctly, 0..1."""
        return 1 - self.errors / len(self.labels)

    @property
    def confusion(self) -> Tensor:
        """int64 [K, K]: row = true class, column = predicted class."""
        classes = self.logits.shape[1]
        cells = self.labels * classes + self.predictions
        return torch.bincount(cells, minlength=classes**2).view(classes, classes)
