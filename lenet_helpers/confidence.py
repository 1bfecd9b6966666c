"""How good a confidence is: does it rank, does it keep what it promises?"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

COLDEST, HOTTEST = 0.02, 50.0  # where `fit_temperature` looks


def auroc(known: Tensor, strange: Tensor) -> float:
    """The share of pairs, one of each, in which the known one scores higher.

    Scores of any shape; a tie counts a half. 1: every threshold between the two sets
    separates them; 0.5: the score says nothing. It is the area under the curve of
    accepted known against accepted strange ones (Mann-Whitney's statistic).

    Raises ValueError if a set is empty or a score is nan.

    >>> auroc(torch.tensor([3.0, 2.0]), torch.tensor([1.0, 2.0]))
    0.875
    """
    known, strange = known.flatten().double(), strange.flatten().double()
    if not (len(known) and len(strange)):
        raise ValueError(f"{len(known)} known and {len(strange)} strange scores")
    if known.isnan().any() or strange.isnan().any():
        raise ValueError("a score is nan")
    order = strange.sort().values
    below = torch.searchsorted(order, known)
    up_to = torch.searchsorted(order, known, right=True)
    return ((below + up_to).double().mean() / 2 / len(strange)).item()


@dataclass(frozen=True)
class Bins:
    """Answers sorted into bins by their confidence.

    ``count`` int64 [B]; ``promised`` and ``kept``, mean confidence and accuracy,
    float64 [B], nan in an empty bin.
    """

    count: Tensor
    promised: Tensor
    kept: Tensor

    @property
    def error(self) -> float:
        """The mean gap over all answers: the expected calibration error, ECE."""
        gaps = (self.promised - self.kept).abs().nan_to_num()
        return (gaps * self.count).sum().item() / self.count.sum().item()


def calibration(confidence: Tensor, right: Tensor, bins: int = 15) -> Bins:
    """``confidence`` [N] in [0, 1] and whether each answer was ``right``, in bins.

    Bin b holds b/bins < confidence <= (b+1)/bins, as in Guo et al. 2017; 0 is in the
    first. The error of even a perfect confidence is above 0, as accuracies in bins
    scatter: the more bins and the fewer answers, the further.

    Raises ValueError if the shapes differ, nothing is there, or a confidence is none.

    >>> round(calibration(torch.tensor([0.9, 0.9]), torch.tensor([1, 0])).error, 3)
    0.4
    """
    if confidence.shape != right.shape or confidence.dim() != 1:
        shapes = [*confidence.shape], [*right.shape]
        raise ValueError(f"two rows of one length are needed, not {shapes}")
    if not len(right):
        raise ValueError("no answers")
    if bins < 1:
        raise ValueError(f"bins={bins}; it starts at 1")
    confidence, right = confidence.double(), right.double()
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("a confidence lies between 0 and 1")
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64)[1:-1]
    where = torch.bucketize(confidence, edges)  # an edge belongs to the bin below
    count = where.bincount(minlength=bins)
    promised, kept = (where.bincount(v, bins) / count for v in (confidence, right))
    return Bins(count, promised, kept)


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The T that makes the mean cross-entropy of ``logits / T`` least.

    Logits [N, K], labels int64 [N], of pictures that the network was not trained on.
    In 1/T the loss is convex, so its slope, the mean of sum_i p_i z_i - z_y, is
    followed to its zero by halving. T ends between 0.02 and 50: with every answer
    right there is no finite best one.

    Raises ValueError if the shapes do not belong together or a logit is not finite.
    Source: Guo et al. 2017.

    >>> z = torch.tensor([[4.0, 0.0]]).repeat(4, 1)
    >>> round(fit_temperature(z, torch.tensor([0, 0, 0, 1])), 2)  # 4 / ln 3
    3.64
    """
    if logits.dim() != 2 or labels.shape != logits.shape[:1] or not len(labels):
        shapes = [*logits.shape], [*labels.shape]
        raise ValueError(f"logits [N, K] and labels [N] are needed, not {shapes}")
    z = logits.detach().double()
    if not z.isfinite().all():
        raise ValueError("every logit must be finite")
    true = z.gather(1, labels[:, None])[:, 0]
    low, high = math.log(1 / HOTTEST), math.log(1 / COLDEST)  # of 1/T
    for _ in range(50):
        middle = (low + high) / 2
        p = (z * math.exp(middle)).softmax(1)
        too_sharp = ((p * z).sum(1) - true).mean() > 0
        low, high = (low, middle) if too_sharp else (middle, high)
    return math.exp(-(low + high) / 2)
