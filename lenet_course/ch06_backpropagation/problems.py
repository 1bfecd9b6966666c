"""The numbers of the three paper problems: what is given, and what comes out."""

ROW = (2, -1, 0, 3, 1)
KERNEL = (1, -2, 3)
ROW_DELTA = (1, 0, 2)

POOLED = (1, 3, 4, 2, 4, 0, 5)  # windows of 3, stride 2; the middle one has a tie
POOLED_DELTA = (3, 6, 9)

IMAGE = ((1, 0, 2, 1), (0, 3, 1, 0), (2, 1, 0, 1), (1, 0, 1, 2))
SQUARE = ((1, 0, -1), (2, 1, 0), (0, 1, 1))
DELTA = ((1, 2), (-1, 1))
STRIDE, PADDING = 2, 1


def row_back(turn: bool = False, mean: bool = False) -> dict[str, list]:
    """Gradients of problem 1, or with a mistake made.

    >>> row_back()
    {'dw': [2, 5, 2], 'dx': [1, -2, 5, -4, 6]}
    """
    dw, dx = [0] * 3, [0] * 5
    for i, delta in enumerate(ROW_DELTA):
        for j in range(3):
            dw[j] += delta * ROW[i + j]
            dx[i + j] += delta * KERNEL[2 - j if turn else j]
    return {"dw": [d / 3 for d in dw] if mean else dw, "dx": dx}


def pool_back(mistake: str = "") -> dict[str, list]:
    """Gradients of problem 2 by maximum and by average, or with a mistake made.

    >>> pool_back()
    {'dx_max': [0, 0, 9, 0, 0, 0, 9], 'dx_average': [1, 1, 3, 2, 5, 3, 3]}
    """
    best, mean = [0] * 7, [0] * 7
    for i, delta in enumerate(POOLED_DELTA):
        window = range(2 * i, 2 * i + 3)
        winners = [k for k in window if POOLED[k] == max(POOLED[k] for k in window)]
        if mistake == "last tie":
            winners = winners[-1:]
        elif mistake != "all ties":
            winners = winners[:1]
        for k in winners:
            best[k] = delta if mistake == "overwritten" else best[k] + delta
        for k in window:
            share = delta if mistake == "not divided" else delta // 3
            mean[k] = share if mistake == "overwritten" else mean[k] + share
    return {"dx_max": best, "dx_average": mean}


def square_back(
    turn: bool = False, stride: int = STRIDE, padding: int = PADDING
) -> dict[str, list]:
    """Gradients of problem 3, by visiting every wire; or with a mistake made."""
    dw = [[0] * 3 for _ in range(3)]
    dx = [[0] * 4 for _ in range(4)]
    for i in range(2):
        for j in range(2):
            for u in range(3):
                for v in range(3):
                    r, c = stride * i + u - padding, stride * j + v - padding
                    if 0 <= r < 4 and 0 <= c < 4:
                        weight = SQUARE[2 - u][2 - v] if turn else SQUARE[u][v]
                        dw[u][v] += DELTA[i][j] * IMAGE[r][c]
                        dx[r][c] += DELTA[i][j] * weight
    return {"dw": dw, "dx": dx}
