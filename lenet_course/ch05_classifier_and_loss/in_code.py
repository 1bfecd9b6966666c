"""The exercises of the chapter on classifier and loss that ask for a function."""

import torch
from torch import Tensor

from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise
from lenet_course.watched import watched


def _logits(generator: torch.Generator) -> list[tuple]:
    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    far = torch.tensor([[300.0, 299.0, 0.0], [-900.0, -901.0, -1000.0]])
    one = 3 * draw(10)
    return [
        (draw(4, 10), 1.0),
        (3 * draw(5, 3), 4.0),
        (draw(3, 3), 0.5),
        (far, 2.0),
        (one, 2.0),
        (draw(2, 4).double(), 0.25),
    ]


def _by_torch(z: Tensor, temperature: float) -> Tensor:
    return torch.softmax(z / temperature, -1)


def _shared(z: Tensor, axis: int | None) -> Tensor:
    highest = z.max() if axis is None else z.amax(axis, keepdim=True)
    e = (z - highest).exp()
    return e / e.sum(-1, keepdim=True)


def _along_images(z: Tensor, temperature: float) -> Tensor:
    e = (z / temperature - (z / temperature).amax(0, keepdim=True)).exp()
    return e / e.sum(0, keepdim=True)


@exercise(
    "classifier_and_loss.softmax",
    task="Write `softmax(z, temperature)` over the last axis, for logits of any size.",
    checker=watched(
        function(
            _by_torch,
            _logits,
            look="Divide by the temperature, take the largest logit of each row away, "
            "then exponentials over their sum, along the last axis.",
            wrong=[
                (
                    lambda z, t: (z / t).exp() / (z / t).exp().sum(-1, keepdim=True),
                    "Right for small logits. e to the power 150 is infinite in "
                    "float32: what may you subtract from a row?",
                ),
                (
                    lambda z, t: _shared(z / t, None),
                    "You subtract the largest logit of the whole *batch*: in another "
                    "row everything becomes 0.",
                ),
                (
                    lambda z, t: torch.softmax(z * t, -1),
                    "A temperature above 1 must make the shares more even.",
                ),
                (
                    lambda z, t: torch.softmax(z, -1) / t,
                    "The shares no longer add up to 1: the temperature divides the "
                    "*logits*.",
                ),
                (
                    lambda z, t: torch.softmax(z, -1),
                    "The temperature has no effect.",
                ),
                (
                    _along_images,
                    "Every *column* adds up to 1 now. It is the classes of one image "
                    "that share 1.",
                ),
            ],
        ),
        _logits(torch.Generator().manual_seed(0))[0],
        banned=("softmax", "softmin", "logsumexp"),
        wrong=((_by_torch, "write that yourself"),),
    ),
    hints=[
        "`z = z / temperature` first.",
        "`z.amax(-1, keepdim=True)` is the largest of each row, batch or none.",
        "`e = (z - largest).exp()`, and then divide by the sum over the last axis.",
    ],
    more="The shift changes nothing in exact arithmetic, and everything in float32.",
)
def softmax(z: Tensor, temperature: float) -> Tensor:
    """Shift first: the largest exponent is then 0, and no exponential overflows.

    `-1` is the last axis, so that a single image without a batch axis works, too.
    """
    z = z / temperature
    e = (z - z.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


def _scores(generator: torch.Generator) -> list[tuple]:
    def coarse(n: int) -> Tensor:  # many ties
        return torch.randint(4, (n,), generator=generator).float()

    apart = torch.tensor([3.0, 4.0, 5.0]), torch.tensor([0.0, 1.0])
    drawn = torch.randn(40, generator=generator), torch.randn(25, generator=generator)
    even = torch.ones(5), torch.ones(3)
    return [apart, apart[::-1], drawn, (coarse(30), coarse(20)), even]


def _pairs(known: Tensor, strange: Tensor) -> float:
    """Every pair, one after the other: slow, and plain to see."""
    points = 0.0
    for a in known.tolist():
        for b in strange.tolist():
            points += 1.0 if a > b else 0.5 if a == b else 0.0
    return points / (len(known) * len(strange))


@exercise(
    "classifier_and_loss.auroc",
    task="Write `auroc(known, strange)`: the share of pairs ranked rightly.",
    checker=function(
        _pairs,
        _scores,
        tolerance=1e-6,
        look="Compare every known score with every strange one; a tie counts a half.",
        wrong=[
            (
                lambda known, strange: (
                    (known[:, None] > strange).double().mean().item()
                ),
                "Right without ties. If two scores are equal, the pair is half right.",
            ),
            (
                lambda known, strange: (
                    (known[:, None] >= strange).double().mean().item()
                ),
                "A tie is not a success: a score that is the same for all would get 1.",
            ),
            (
                lambda known, strange: 1 - _pairs(known, strange),
                "The other way round: high scores are to be the known ones'.",
            ),
            (
                lambda known, strange: (
                    (known > strange.median()).double().mean().item()
                ),
                "That uses one threshold; AUROC looks at every pair.",
            ),
            (
                lambda known, strange: float(known.mean() > strange.mean()),
                "Means hide the overlap. Compare pair by pair.",
            ),
        ],
    ),
    hints=[
        "`known[:, None] > strange` compares all pairs at once: a table [N, M].",
        "The mean of that table is the share of pairs ranked rightly, ties left out.",
        "Add half of the mean of `known[:, None] == strange`.",
    ],
    more="0.5 says nothing, 1 separates, and below 0.5 the score is upside down.",
)
def auroc(known: Tensor, strange: Tensor) -> float:
    """All pairs in one table. For large sets sort instead, see the helper."""
    higher = (known[:, None] > strange).double().mean()
    equal = (known[:, None] == strange).double().mean()
    return (higher + equal / 2).item()


def _answers(generator: torch.Generator) -> list[tuple]:
    def case(n: int, bins: int, low: float) -> tuple:
        # Too timid where confidence is small, too sure where it is large.
        confidence = low + (1 - low) * torch.rand(n, generator=generator)
        luck = torch.rand(n, generator=generator)
        return confidence, luck < 0.4 + 0.4 * confidence, bins

    sure = torch.tensor([1.0, 1.0, 0.95]), torch.tensor([True, False, True]), 10
    drawn = [case(200, 10, 0.1), case(50, 5, 0.3), case(300, 4, 0.2), case(80, 15, 0.6)]
    return [*drawn, sure]


def _gaps(confidence, right, bins, edges=None):
    """(count, gap) of every bin that holds something."""
    found = []
    for b in range(bins):
        low, high = b / bins, (b + 1) / bins
        mine = (confidence > low) & (confidence <= high)
        if mine.any():
            gap = confidence[mine].mean() - right[mine].float().mean()
            found.append((int(mine.sum()), float(gap)))
    return found


def _ece(confidence, right, bins):
    found = _gaps(confidence, right, bins)
    return sum(n * abs(gap) for n, gap in found) / len(confidence)


def _unweighted(confidence, right, bins):
    found = _gaps(confidence, right, bins)
    return sum(abs(gap) for _, gap in found) / len(found)


def _signed(confidence, right, bins):
    return sum(n * gap for n, gap in _gaps(confidence, right, bins)) / len(confidence)


def _open_end(confidence, right, bins):
    return _ece(confidence[confidence < 1], right[confidence < 1], bins)


@exercise(
    "classifier_and_loss.calibration-error",
    task="Write `ece(confidence, right, bins)` with bins of equal width from 0 to 1.",
    checker=function(
        _ece,
        _answers,
        tolerance=1e-4,
        look="In each bin the gap between mean confidence and accuracy, without its "
        "sign; then the mean over all *answers*.",
        wrong=[
            (
                _unweighted,
                "A bin of three answers counts as much as one of three hundred: weigh "
                "each gap by its share of the answers.",
            ),
            (
                _signed,
                "Bins that promise too much and bins that promise too little cancel: "
                "take the gap without its sign.",
            ),
            (
                lambda c, r, bins: max(abs(gap) for _, gap in _gaps(c, r, bins)),
                "That is the *largest* gap, the maximum calibration error.",
            ),
            (
                _open_end,
                "A confidence of exactly 1 is in no bin: the last one needs its upper "
                "end.",
            ),
            (
                lambda c, r, bins: (
                    sum(n * gap**2 for n, gap in _gaps(c, r, bins)) / len(c)
                ),
                "The gaps are squared there; they are to be added as they are.",
            ),
        ],
    ),
    hints=[
        "Bin b holds the confidences above b/bins, up to and with (b + 1)/bins.",
        "An empty bin has no mean: leave it out.",
        "Add up `count * abs(mean confidence - accuracy)` and divide by all answers.",
    ],
    more="Even honest confidences give more than 0: say how many bins and answers.",
)
def ece(confidence: Tensor, right: Tensor, bins: int) -> float:
    """A loop over the bins; one that is empty adds nothing."""
    total = 0.0
    for b in range(bins):
        mine = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if mine.any():
            gap = confidence[mine].mean() - right[mine].float().mean()
            total += mine.sum().item() * gap.abs().item()
    return total / len(confidence)


def _shares(generator: torch.Generator) -> list[tuple]:
    def p(scale: float) -> Tensor:
        return (scale * torch.randn(30, 10, generator=generator)).softmax(1)

    return [(p(3), 1.0, 0.3), (p(4), 50.0, 2.0), (p(1), 2.0, 1.5), (p(3), 1.0, 2.0)]


def _decided(p: Tensor, mistake: float, refusal: float) -> Tensor:
    top, answer = p.max(1)
    return torch.where(mistake * (1 - top) <= refusal, answer, -1)


def _below(threshold) -> object:
    def decide(p, mistake, refusal):
        top, answer = p.max(1)
        return torch.where(top < threshold(mistake, refusal), -1, answer)

    return decide


def _by_margin(p, mistake, refusal):
    first, second = p.topk(2, 1).values.unbind(1)
    return torch.where(first - second < 1 - refusal / mistake, -1, p.argmax(1))


@exercise(
    "classifier_and_loss.decide",
    task="Write `decide(p, mistake, refusal)`: the class of each image, or −1.",
    checker=function(
        _decided,
        _shares,
        look="Answer where mistake · (1 − p) is at most the price of a refusal, with p "
        "the largest probability of the image.",
        wrong=[
            (
                _below(lambda mistake, refusal: 0.0),
                "It answers always: a refusal is −1.",
            ),
            (
                _below(lambda mistake, refusal: 0.5),
                "The prices change nothing. At which p do both ways cost the same?",
            ),
            (
                _below(lambda mistake, refusal: refusal / mistake),
                "That is how probable a *mistake* may be; p is the probability of "
                "being right.",
            ),
            (
                _below(lambda m, r: m / (m + r)),
                "A refusal costs its price always, not only when the answer would have "
                "been right.",
            ),
            (
                _by_margin,
                "That compares the lead over the second class. The price of an answer "
                "depends on the largest probability alone.",
            ),
            (
                lambda p, m, r: torch.where(p.amax(1) < 1 - r / m, -1, p.amax(1)),
                "Give the *class*, a whole number, not its probability.",
            ),
        ],
    ),
    hints=[
        "`p.max(1)` gives the largest probability and its class.",
        "An answer costs mistake · (1 − top) on average.",
        "`torch.where(condition, answer, -1)`.",
    ],
    more="If a refusal costs as much as a mistake, or more, never refuse.",
)
def decide(p: Tensor, mistake: float, refusal: float) -> Tensor:
    """Compare the two prices, image by image: a threshold of 1 − refusal / mistake."""
    top, answer = p.max(1)
    return torch.where(mistake * (1 - top) <= refusal, answer, -1)
