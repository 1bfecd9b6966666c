"""The exercises of the chapter on classifier and loss whose answer is a number.

Those that ask for a function stand in `in_code`.
"""

import math

from lenet_course.ch05_classifier_and_loss import in_code
from lenet_course.exercises.checkers import number
from lenet_course.exercises.registry import exercise

__all__ = ["in_code"]


@exercise(
    "classifier_and_loss.code-distance",
    task="F6 draws a perfect 6. Which penalty does the class 8 get?",
    checker=number(
        48,
        wrong={
            0: "That is the penalty of the 6 itself.",
            12: "So many places differ. By how much does each of them?",
            24: "The difference in a place is 2; what does the formula do to it?",
            144: "Square the difference in each place, then add, not the other way.",
            math.sqrt(48): "The penalty is the *squared* distance.",
            84: "That is the penalty of a blank sheet, all units 0.",
        },
        look="In how many places do the two codes differ, and by how much in each?",
        tolerance=0.01,
    ),
    hints=[
        "The codes of 6 and 8 differ in 12 of 84 places.",
        "In such a place one code has +1 and the other −1.",
        "Each place adds (1 − (−1))² = 4.",
    ],
    more="The two farthest codes differ in 50 places: 200.",
)
def code_distance() -> int:
    """Twelve places differ, each by 2, and 2² = 4; the other 72 add nothing."""
    places, difference = 12, 1 - (-1)
    return places * difference**2


@exercise(
    "classifier_and_loss.surprise",
    task="Three labels were given 1/2, 1/4 and 1/8. What is the mean cross-entropy?",
    checker=number(
        2 * math.log(2),
        wrong={
            2: "That is in bits. The cross-entropy of this book, and of PyTorch, uses "
            "the natural logarithm.",
            6 * math.log(2): "That is the sum over the three images.",
            -math.log(7 / 24): "That averages the probabilities first. Take the "
            "logarithm of each, then the mean.",
            1 / 64: "That is the likelihood of all three labels together.",
            -2 * math.log(2): "The logarithms are negative; the loss is minus that.",
            17 / 24: "Mean of 1 − p: that is another measure. Where is the logarithm?",
        },
        look="Minus the logarithm of each probability, then the mean of the three.",
        tolerance=2e-3,
    ),
    hints=[
        "−ln(1/2) is ln 2. What is −ln(1/4)?",
        "The three losses are ln 2, 2 ln 2 and 3 ln 2.",
        "Their mean is 2 ln 2; with ln 2 = 0.693 …",
    ],
    more="As if each label had been given 1/4: the mean of logarithms is that of the "
    "geometric mean.",
)
def surprise() -> float:
    """One, two and three halvings: ln 2, 2 ln 2, 3 ln 2, and their mean."""
    import math

    given = (1 / 2, 1 / 4, 1 / 8)
    return sum(-math.log(p) for p in given) / len(given)


@exercise(
    "classifier_and_loss.push",
    task="The derivative of the mean loss with respect to that logit?",
    checker=number(
        -0.4,
        wrong={
            -0.8: "Right for one image. Over how many is the loss a *mean*?",
            0.8: "Two things: which sign lets the true logit rise, and the mean.",
            0.4: "Gradient descent steps *against* the derivative; the true logit is "
            "to rise.",
            0.1: "That is what a wrong class with p = 0.2 would get.",
            -5: "That is the derivative with respect to the *probability*. One step "
            "further back is the logit.",
            -2.5: "That is the derivative with respect to the *probability*. One step "
            "further back is the logit.",
            -0.08: "Cross-entropy has no factor p(1 − p): that is squared error's.",
        },
        look="Probability minus target, and the loss is the mean over two images.",
        tolerance=1e-6,
    ),
    hints=[
        "For one image the derivative is p − t.",
        "For the true class t = 1.",
        "The mean over two images halves it.",
    ],
    more="The nine wrong classes of that image share +0.4, by their probabilities.",
)
def push() -> float:
    """p − t for the true class, over the batch size."""
    p, t, images = 0.2, 1.0, 2
    return (p - t) / images


@exercise(
    "classifier_and_loss.threshold",
    task="Below which probability should a person look at the digit?",
    checker=number(
        0.96,
        wrong={
            0.04: "That is how probable a mistake may be. Which probability of being "
            "right goes with it?",
            0.5: "The more probable class wins anyway. What does being wrong cost?",
            50
            / 52: "Compare the two *prices*: an answer costs 50 · (1 − p) on average, "
            "a refusal always 2.",
            0.98: "A refusal costs 2, not 1.",
            96: "As a probability, please: between 0 and 1.",
            25: "That is the ratio of the prices.",
        },
        look="At the threshold an answer costs on average as much as a refusal.",
        tolerance=1e-6,
    ),
    hints=[
        "An answer with probability p costs 50 · (1 − p) on average.",
        "A refusal costs 2, whatever p is.",
        "50 · (1 − p) = 2.",
    ],
    more="It holds only if 0.96 means right in 96 of 100 cases.",
)
def threshold() -> float:
    """Answer where mistake · (1 − p) ≤ refusal, so where p ≥ 1 − refusal / mistake."""
    mistake, refusal = 50, 2
    return 1 - refusal / mistake
