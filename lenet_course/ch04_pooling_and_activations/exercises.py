"""The exercises of the chapter on pooling and activations: three numbers.

What is written in code stands in `operations` (a maximum of ReLUs, a blur), `shifting`
and `rewriting` (tanh by σ).
"""

from lenet_course.ch04_pooling_and_activations import operations, rewriting, shifting
from lenet_course.exercises.checkers import number
from lenet_course.exercises.registry import exercise

__all__ = ["operations", "rewriting", "shifting"]


@exercise(
    "pooling_and_activations.learned-average",
    task="How many parameters do S2 and S4 have with four weights and a bias a map?",
    checker=number(
        110,
        wrong={
            44: "That is the published layer. How many weights does a map have here?",
            88: "Those are the weights. What else has every map?",
            30: "That is S2. And S4?",
            80: "That is S4. And S2?",
            1190: "That lets every map read all maps. Here each reads itself alone.",
            1168: "That lets every map read all maps, and leaves the biases out.",
            22: "That is one number a map.",
        },
        look="Numbers a map, times the maps of S2 and of S4.",
    ),
    hints=[
        "S2 has 6 maps, S4 has 16.",
        "A map has its own 2×2 weights and its own bias, whatever its size.",
        "5 numbers for each of 22 maps.",
    ],
    more="In PyTorch: `nn.Conv2d(6, 6, 2, stride=2, groups=6)`, and 16 for S4.",
)
def learned_average() -> int:
    """Four weights and a bias a map, shared over the whole map. The published layer
    has a single coefficient in the place of the four.
    """
    return (6 + 16) * (2 * 2 + 1)


@exercise(
    "pooling_and_activations.largest-of-four",
    task="Four numbers are drawn evenly from 0 to 1. What is their maximum on average?",
    checker=number(
        0.8,
        tolerance=0.0051,
        wrong={
            0.5: "That is the mean of *one* of them. The largest is chosen afterwards.",
            1.0: "That is the largest that could come. On average it is not reached.",
            0.75: "Four draws cut the line from 0 to 1 into how many pieces?",
            0.25: "That is the size of one piece if there were four of them.",
            0.2: "That is the average of the *smallest*.",
            0.9375: "That is 1 − 1/2⁴, the chance that one of them is above a half.",
            0.667: "That is right for two numbers.",
        },
        look="Four points on a line leave five gaps, which are alike on average.",
    ),
    hints=[
        "Think of the four as points on the line from 0 to 1.",
        "No gap is favoured: to the left of all, between neighbours, to the right.",
        "The maximum ends the fourth of five gaps: n/(n + 1).",
    ],
    more="The mean of the four is 0.5 whatever their number; the maximum tends to 1.",
)
def largest_of_four() -> float:
    """Four points leave five gaps, alike on average; the maximum ends the fourth."""
    n = 4
    return n / (n + 1)


@exercise(
    "pooling_and_activations.condition",
    task="A linear unit reads 25 pixels, each 0 or 1 by a fair coin. Condition number?",
    checker=number(
        26,
        tolerance=0.01,
        wrong={
            1: "That is right once the mean is subtracted. Here it is not.",
            25: "Which eigenvalue belongs to the direction in which all pixels agree? "
            "The variance adds to it.",
            6.5: "That is the largest eigenvalue. By what must it be divided?",
            101: "The variance of such a pixel, ¼, divides once only; the mean is ½.",
            7.25: "The mean enters squared: 25 times ½².",
            51: "The mean enters squared: 25 times ½², over the variance of ¼.",
            13.5: "The variance of a fair coin is ½ · ½.",
        },
        look="The matrix of mean products is v·I + m²·J, J full of ones. What are its "
        "two eigenvalues?",
    ),
    hints=[
        "A pixel's mean is m = ½, its variance v = ¼; different pixels know nothing "
        "of each other.",
        "Along a direction whose entries sum to 0 the eigenvalue is v.",
        "Along (1, 1, …, 1) it is v + 25·m².",
    ],
    more="1 + n·m²/v: more pixels make it worse, and centring makes it 1.",
)
def condition() -> float:
    """H = v·I + m²·J: along (1, …, 1) the eigenvalue is v + n·m², across it v."""
    n, m, v = 25, 1 / 2, 1 / 4
    return (v + n * m**2) / v
