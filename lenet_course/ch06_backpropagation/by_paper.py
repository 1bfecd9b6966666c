"""The three problems to be solved on paper, easy to hard."""

from lenet_course.ch06_backpropagation import problems
from lenet_course.ch06_backpropagation.paper import tables
from lenet_course.exercises.registry import exercise

_ROW, _POOL = problems.row_back(), problems.pool_back()
_SQUARE = problems.square_back()


def _negative(right: dict) -> dict:
    return {name: [-value for value in values] for name, values in right.items()}


@exercise(
    "backpropagation.one-dimension",
    task="Problem 1: the gradients (dw, dx) of a one-dimensional convolution.",
    checker=tables(
        _ROW,
        wrong=[
            (
                problems.row_back(turn=True),
                "dw is right. For dx you laid the kernel down back to front: on the "
                "way forward x₀ met w₀ in output 0, so it gets δ₀·w₀ back.",
            ),
            (
                {"dw": problems.row_back(mean=True)["dw"]},
                "The parcels of a shared weight add up; nothing divides them.",
            ),
            (
                _negative(_ROW),
                "All signs are turned: this is the gradient itself, not a step against "
                "it.",
            ),
        ],
        look="Lay the kernel, times δᵢ, under x at place i, once for each output, and "
        "add columns; for a weight, add the δᵢ times what it met.",
    ),
    hints=[
        "w₀ met x₀, x₁, x₂ in the outputs 0, 1, 2: its gradient is δ₀x₀ + δ₁x₁ + δ₂x₂.",
        "For dx write three rows: δ₀·w from place 0 on, δ₁·w from place 1, δ₂·w from "
        "place 2. Add them up.",
    ],
    more="Five numbers from three and three: the full convolution of δ and w.",
)
def one_dimension():
    """By weights: δ slides over x. By inputs: the kernel is laid down, times δ.

    The second output has δ₁ = 0, so its row is all zero.
    """
    x, w, delta = (2, -1, 0, 3, 1), (1, -2, 3), (1, 0, 2)
    dw = [sum(delta[i] * x[i + j] for i in range(3)) for j in range(3)]
    dx = [0] * 5
    for i in range(3):
        for j in range(3):
            dx[i + j] += delta[i] * w[j]
    return dw, dx


@exercise(
    "backpropagation.overlap",
    task="Problem 2: (dx_max, dx_average) for windows of 3 at stride 2.",
    checker=tables(
        _POOL,
        wrong=[
            (
                problems.pool_back("overwritten"),
                "x₂ and x₄ lie in two windows each: what they get is added, not "
                "replaced.",
            ),
            (
                {"dx_max": problems.pool_back("all ties")["dx_max"]},
                "The middle window has two equal maxima. The sheet says which wins.",
            ),
            (
                {"dx_max": problems.pool_back("last tie")["dx_max"]},
                "Of two equal values the *first* wins; you chose the last.",
            ),
            (
                {"dx_average": problems.pool_back("not divided")["dx_average"]},
                "An average of three hands on a third to each.",
            ),
        ],
        look="Write the three windows down: x₀x₁x₂, x₂x₃x₄, x₄x₅x₆. Who gets what from "
        "each?",
    ),
    hints=[
        "Maxima: x₂ in the first window, x₂ again in the second (the tie goes to the "
        "first), x₆ in the third.",
        "Averages: shares of 1, 2 and 3. x₂ gets 1 + 2, x₄ gets 2 + 3.",
    ],
    more="Both sums are 18, as many as arrived: pooling only distributes.",
)
def overlap():
    """The maximum routes, the average spreads; where windows overlap both add up."""
    x, delta = (1, 3, 4, 2, 4, 0, 5), (3, 6, 9)
    best, mean = [0] * 7, [0] * 7
    for i in range(3):
        window = range(2 * i, 2 * i + 3)
        best[max(window, key=lambda k: x[k])] += delta[i]  # the first of equals
        for k in window:
            mean[k] += delta[i] // 3
    return best, mean


@exercise(
    "backpropagation.strided",
    task="Problem 3: derive both gradients for stride 2 and padding 1; then (dw, dx).",
    checker=tables(
        _SQUARE,
        wrong=[
            (
                {"dx": problems.square_back(turn=True)["dx"]},
                "dx: you used the kernel turned by 180°. The turn is already "
                "in the index k + p − s·i.",
            ),
            (
                {"dw": problems.square_back(stride=1)["dw"]},
                "dw: your windows are one pixel apart. Output (1, 1) begins at "
                "2·1 − 1.",
            ),
            (
                {"dw": problems.square_back(padding=0)["dw"]},
                "dw: you forgot the frame. Output (0, 0) begins at row −1, column −1.",
            ),
            (
                {"dx": problems.square_back(padding=0)["dx"]},
                "dx: you forgot to cut off the frame: the kernel of output (0, 0) is "
                "laid down one row above and one column left of the image.",
            ),
            (
                {"dx": problems.square_back(stride=1)["dx"]},
                "dx: the kernels must be laid down two pixels apart.",
            ),
        ],
        look="Draw the framed image, 6×6, and lay the kernel down four times, its "
        "corner at rows and columns 0 and 2, each time multiplied by its δ.",
    ),
    hints=[
        "Write the forward pass with one index a dimension: yᵢ = Σⱼ wⱼ x̃ₛᵢ₊ⱼ, where x̃ₖ "
        "is x₍ₖ₋ₚ₎ inside the image and 0 in the frame.",
        "A weight: put δᵢ in its place and sum over the index it does not have, i. A "
        "pixel: which pairs (i, j) meet it? Those with s·i + j − p = k, so j = k + p − "
        "s·i, as far as that lies in the kernel.",
        "In two dimensions the same for rows and columns. dw[u][v] = Σ δᵢⱼ · "
        "x[2i + u − 1][2j + v − 1], four products each, fewer at the frame.",
        "dx: four copies of w times 1, 2, −1 and 1, at the corners (−1, −1), (−1, 1), "
        "(1, −1), (1, 1) of the image; add, and drop what sticks out.",
    ],
    more="Whoever gets this on paper can derive the way back of any convolution.",
)
def strided():
    """The derivation, in one dimension; rows and columns follow the same line.

    Forward: yᵢ = Σⱼ wⱼ x₍ₛᵢ₊ⱼ₋ₚ₎, with x = 0 outside the row. The loss changes by
    dL = Σᵢ δᵢ dyᵢ.

    A weight: dyᵢ/dwⱼ = x₍ₛᵢ₊ⱼ₋ₚ₎, in every output. So δ of wⱼ is Σᵢ δᵢ x₍ₛᵢ₊ⱼ₋ₚ₎: δ
    slides over x in steps of 1, its entries s pixels apart.

    A pixel: dyᵢ/dxₖ is the weight with s·i + j − p = k, that is w₍ₖ₊ₚ₋ₛᵢ₎, or 0 if
    there is none. So δ of xₖ is Σᵢ δᵢ w₍ₖ₊ₚ₋ₛᵢ₎: the kernel laid down s pixels apart,
    times δ. A pixel k hears only from outputs with 0 ≤ k + p − s·i < K, K the kernel's
    length. With K = 3, s = 2, p = 1 that is one output where k is even and two where k
    is odd, but for the border.
    """
    x = ((1, 0, 2, 1), (0, 3, 1, 0), (2, 1, 0, 1), (1, 0, 1, 2))
    w = ((1, 0, -1), (2, 1, 0), (0, 1, 1))
    delta, s, p = ((1, 2), (-1, 1)), 2, 1
    dw = [[0] * 3 for _ in range(3)]
    dx = [[0] * 4 for _ in range(4)]
    for k in range(4):  # for every pixel (k, m) and every output (i, j)
        for m in range(4):
            for i in range(2):
                for j in range(2):
                    u, v = k + p - s * i, m + p - s * j
                    if u in range(3) and v in range(3):
                        dw[u][v] += delta[i][j] * x[k][m]
                        dx[k][m] += delta[i][j] * w[u][v]
    return dw, dx
