"""Coding task: scaled dot-product attention."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise
from lenet_course.watched import watched


def _split(t: Tensor, heads: int) -> Tensor:
    return t.unflatten(2, (heads, -1)).transpose(1, 2)


def _join(t: Tensor) -> Tensor:
    return t.transpose(1, 2).flatten(2)


def _torchs(q, k, v, heads, mask):
    parts = (_split(t, heads) for t in (q, k, v))
    return _join(F.scaled_dot_product_attention(*parts, attn_mask=mask))


def _hidden(scores: Tensor, mask: Tensor) -> Tensor:
    return scores.masked_fill(~mask, -torch.inf)


def _attending(
    width=lambda t: t.shape[3] ** 0.5,
    hide=_hidden,
    weigh=lambda scores: scores.softmax(3),
    split=_split,
    join=_join,
) -> Callable:
    """Attention with one thing done in another way."""

    def attention(q, k, v, heads, mask):
        q, k, v = (split(t, heads) for t in (q, k, v))
        scores = q @ k.transpose(2, 3) / width(q)
        if mask is not None:
            scores = hide(scores, mask)
        return join(weigh(scores) @ v)

    return attention


def _cut_up(t: Tensor, heads: int) -> Tensor:
    return t.reshape(len(t), heads, t.shape[1], -1)


def _interleaved(t: Tensor, heads: int) -> Tensor:
    return t.unflatten(2, (-1, heads)).permute(0, 3, 1, 2)


def _token_cases(generator: torch.Generator) -> list[tuple]:
    def case(n, queries, keys, width, heads, mask=None, size=1.0) -> tuple:
        shapes = (n, queries, width), (n, keys, width), (n, keys, width)
        q, k, v = (torch.randn(s, generator=generator) for s in shapes)
        return size * q, k, v, heads, mask

    causal = torch.ones(4, 4, dtype=torch.bool).tril()
    some = torch.rand(5, 3, generator=generator) < 0.5
    some[:, 1] = True  # each query sees one key at least
    return [
        *(case(2, 4, 4, 6, 1), case(2, 5, 3, 8, 2), case(1, 4, 4, 12, 3, causal)),
        *(case(2, 5, 3, 4, 4, some), case(1, 3, 6, 8, 2, size=60.0)),
    ]


@exercise(
    "coding.attention",
    task=(
        "Write `attention(q, k, v, heads, mask)`: scaled dot-product attention in one "
        "or several heads."
    ),
    checker=watched(
        function(
            _torchs,
            _token_cases,
            tolerance=1e-4,
            look="Scores are [N, heads, L, S]: each query against keys of its head.",
            wrong=[
                (
                    _attending(width=lambda t: 1.0),
                    "The sum of d products grows with the root of d: divide by it.",
                ),
                (
                    _attending(width=lambda t: (t.shape[1] * t.shape[3]) ** 0.5),
                    "Right for one head. The width that counts is that of *one head*.",
                ),
                (
                    _attending(weigh=lambda scores: scores.softmax(2)),
                    "The weights of one query add up to 1: over its keys.",
                ),
                (
                    _attending(hide=lambda scores, mask: _hidden(scores, ~mask)),
                    "The mask is turned: True may be seen.",
                ),
                (
                    _attending(hide=lambda scores, mask: scores * mask),
                    "A score of 0 is not a weight of 0: what must a hidden score be "
                    "before the softmax?",
                ),
                (
                    _attending(split=_cut_up),
                    "Right for one head. Your heads are cut through the tokens: split "
                    "the width first, then swap the axes.",
                ),
                (
                    _attending(split=_interleaved),
                    "Right for one head. Head h takes neighbouring entries of the "
                    "width, h·d to (h + 1)·d.",
                ),
                (
                    _attending(weigh=lambda s: s.exp() / s.exp().sum(3, keepdim=True)),
                    "Right for small scores. What must be subtracted before e to the "
                    "power of a large one?",
                ),
            ],
        ),
        _token_cases(torch.Generator().manual_seed(0))[2],
        banned=("attention", "multi_head"),
        wrong=((_torchs, "write that yourself"),),
    ),
    hints=[
        "Heads: [N, L, D] → [N, L, heads, D/heads] → [N, heads, L, D/heads].",
        "softmax(q kᵀ / √(D/heads)) v; softmax over the keys, the last axis.",
        "Hidden scores become −∞ before the softmax; at the end swap back and flatten.",
    ],
    more="With each of 28×28 pixels as a token: 784 × 784 scores a head.",
)
def attention(q, k, v, heads=1, mask=None):
    """Time O(N · L · S · D), memory O(N · heads · L · S) for the scores.

    The number of heads changes no multiplication, only which entries of q and k meet.
    Without the scores in memory it is the same result, computed block by block: that is
    what fused kernels do.
    """
    q, k, v = (t.unflatten(2, (heads, -1)).transpose(1, 2) for t in (q, k, v))
    scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return (scores.softmax(3) @ v).transpose(1, 2).flatten(2)
