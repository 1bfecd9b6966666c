"""The exercises of the chapter on LeNet against AlexNet."""

import torch

from lenet_course.ch14_lenet_vs_alexnet import costs  # noqa: F401  (two more)
from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise

WEIGHTS, POOLS = {"conv", "dense", "codes"}, {"max", "average"}


def _layers(kinds: list[str]) -> tuple[int, int]:
    with_weights = sum(kind in WEIGHTS for kind in kinds)
    return with_weights, with_weights + sum(kind in POOLS for kind in kinds)


_LENET = "conv tanh average tanh conv tanh average tanh conv tanh dense tanh codes"
_ALEXNET = (
    "conv relu norm max conv relu norm max conv relu conv relu conv relu max "
    "dense relu dropout dense relu dropout dense"
)
_KINDS = [*sorted(WEIGHTS | POOLS), "tanh", "relu", "norm", "dropout"]


def _networks(generator: torch.Generator) -> list[tuple]:
    drawn = torch.randint(len(_KINDS), (4, 12), generator=generator).tolist()
    known = [_LENET.split(), _ALEXNET.split(), ["dense"]]
    return [(kinds,) for kinds in (*known, *([_KINDS[i] for i in n] for n in drawn))]


@exercise(
    "lenet_vs_alexnet.layers",
    task="Count a network's layers both ways: with weights, and with pooling as well.",
    checker=function(
        _layers,
        _networks,
        wrong=[
            (
                lambda kinds: (len(kinds), len(kinds)),
                "Those are all steps. Activations, norms and dropout do not count.",
            ),
            (
                lambda kinds: (_layers(kinds)[1], _layers(kinds)[1]),
                "The first number is that of the layers with weights only.",
            ),
            (
                lambda kinds: (
                    _layers(kinds)[0],
                    _layers(kinds)[1] - _layers(kinds)[0],
                ),
                "The second number counts pooling *as well*: it includes the first.",
            ),
            (
                lambda kinds: (
                    _layers(kinds)[0] - kinds.count("codes"),
                    _layers(kinds)[1] - kinds.count("codes"),
                ),
                "LeNet-5's codes are weights, though fixed: its output is a layer.",
            ),
            (
                lambda kinds: (
                    _layers(kinds)[0],
                    _layers(kinds)[1] + kinds.count("norm"),
                ),
                "Response normalisation works on each place alone: it pools nothing.",
            ),
        ],
        look="Which kinds have weights, which pool, and which do neither?",
    ),
    hints=[
        "Weights: `conv`, `dense`, `codes`. Pooling: `max`, `average`.",
        "`sum(kind in (...) for kind in kinds)` counts.",
    ],
    more='"7 against 8 layers" takes one number from each rule.',
)
def layers(kinds: list[str]) -> tuple[int, int]:
    """Two sets of kinds; what is in neither, such as an activation, does not count."""
    with_weights = sum(kind in ("conv", "dense", "codes") for kind in kinds)
    pooling = sum(kind in ("max", "average") for kind in kinds)
    return with_weights, with_weights + pooling


def _paired(a: list[float], b: list[float]) -> tuple[float, float]:
    differences = [y - x for x, y in zip(a, b)]
    mean = sum(differences) / len(differences)
    squares = sum((d - mean) ** 2 for d in differences)
    return mean, (squares / (len(differences) - 1)) ** 0.5


def _apart(a: list[float], b: list[float]) -> tuple[float, float]:
    """The mistake: the spreads of two groups, as if the seeds were not the same."""
    mean = sum(b) / len(b) - sum(a) / len(a)
    spreads = [_paired([0.0] * len(v), v)[1] for v in (a, b)]
    return mean, (spreads[0] ** 2 + spreads[1] ** 2) ** 0.5


def _scores(generator: torch.Generator) -> list[tuple]:
    known = ([0.40, 0.44, 0.42], [0.43, 0.46, 0.46])
    drawn = torch.randint(100, (3, 2, 5), generator=generator) / 100
    return [
        known,
        *((a.tolist(), b.tolist()) for a, b in drawn.double().round(decimals=2)),
    ]


@exercise(
    "lenet_vs_alexnet.paired",
    task="Mean and standard deviation of b − a, paired seed by seed.",
    checker=function(
        _paired,
        _scores,
        wrong=[
            (
                lambda a, b: (-_paired(a, b)[0], _paired(a, b)[1]),
                "The sign: b is the changed network, a the one before.",
            ),
            (
                _apart,
                "That treats the seeds of a and b as strangers. Subtract first.",
            ),
            (
                lambda a, b: (
                    _paired(a, b)[0],
                    _paired(a, b)[1] * ((len(a) - 1) / len(a)) ** 0.5,
                ),
                "A spread estimated from a few seeds divides by one less than their "
                "number.",
            ),
        ],
        look="One difference a seed; then their mean, and their spread with n − 1.",
    ),
    hints=[
        "`zip(a, b)` gives the two scores of one seed.",
        "`statistics.stdev`, or `torch.std`, divides by n − 1.",
    ],
    more="What a seed adds to both alike, by the order of the pictures say, cancels in "
    "the difference; what it adds to one of them stays.",
)
def paired(a: list[float], b: list[float]) -> tuple[float, float]:
    """Subtract within a seed first; only then average."""
    import statistics

    differences = [after - before for before, after in zip(a, b)]
    return statistics.mean(differences), statistics.stdev(differences)


def _price(cost_a: float, points_a: float, cost_b: float, points_b: float) -> float:
    return (cost_b - cost_a) / (points_b - points_a)


@exercise(
    "lenet_vs_alexnet.price",
    task="What does one more point cost, when you go from network a to network b?",
    checker=function(
        _price,
        [
            *((6.0, 45.0, 26.0, 50.0), (1.0, 97.0, 4.0, 98.5), (2.0, 10.0, 3.0, 9.0)),
            *((1.5, 20.0, 9.0, 27.0), (8.0, 61.5, 3.0, 60.0)),
        ],
        wrong=[
            (
                lambda cost_a, points_a, cost_b, points_b: cost_b / points_b,
                "That is b's average over all its points. Ask for the next.",
            ),
            (
                lambda cost_a, points_a, cost_b, points_b: (
                    cost_b / points_b - cost_a / points_a
                ),
                "Two averages subtracted. Subtract costs and points before dividing.",
            ),
            (
                lambda cost_a, points_a, cost_b, points_b: (
                    cost_b / (points_b - points_a)
                ),
                "Part of that cost you would pay for a as well.",
            ),
            (
                lambda cost_a, points_a, cost_b, points_b: (
                    (points_b - points_a) / (cost_b - cost_a)
                ),
                "Those are points for each second. The price is the other way round.",
            ),
        ],
        look="Extra cost over extra points.",
    ),
    hints=[
        "How much more does b cost? How many more points does it have?",
        "If b has fewer points for more cost, the price is negative: a is better.",
    ],
    more="Economists speak of marginal cost; averages hide what the last points cost.",
)
def price(cost_a: float, points_a: float, cost_b: float, points_b: float) -> float:
    """The slope between the two networks: extra cost over extra points."""
    return (cost_b - cost_a) / (points_b - points_a)
