"""How a drill writes its numbers."""


def count(n: int) -> str:
    """A whole number with commas.

    >>> count(61706)
    '61,706'
    """
    return f"{n:,}"


def decimal(n: int, places: int) -> str:
    """n / 10^places without a trailing zero; from whole numbers, so always exact.

    >>> decimal(2500, 6), decimal(1000, 3)
    ('0.0025', '1')
    """
    digits = str(n).rjust(places + 1, "0")
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :]
    return f"{whole}.{part}".rstrip("0").rstrip(".")
