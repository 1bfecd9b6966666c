"""How long a text is when it is said: numbers and formulas counted as they are read."""

import re

YEARS = range(1900, 2100)


def words(text: str) -> int:
    """English words of ``text``, as they are spoken.

    >>> words("C1 has 156 parameters.")  # one hundred and fifty-six: four words
    8
    >>> words("$6 \\cdot 26$ in 1998")
    6
    """
    text = text.replace("{,}", ",")
    formulas = sum(map(_formula, re.findall(r"\$([^$]+)\$", text)))
    text = re.sub(r"\$[^$]+\$", " ", text)
    text = re.sub(r"\d+(?:,\d{3})*(?:\.\d+)?", _number, text)
    text = re.sub(r"[×=+%/·≈<>]|(?<= )[−-](?= )", " w ", text)
    return formulas + sum(
        bool(re.search(r"\w", w)) for w in re.split(r"[\s–—-]+", text)
    )


def _formula(tex: str) -> int:
    tex = re.sub(r"\\(?:left|right|,|;|!|text|mathrm|operatorname|quad)", " ", tex)
    signs = r"\\[a-zA-Z]+|[a-zA-Z]|\d+(?:\.\d+)?|[=+\-/^<>]"
    return len(re.findall(signs, tex))


def _number(match: re.Match) -> str:
    whole, _, part = match[0].replace(",", "").partition(".")
    return " w" * (whole_number(int(whole)) + (1 + len(part) if part else 0)) + " "


def whole_number(n: int) -> int:
    """Words of a whole number; 1998 is said in two.

    >>> [whole_number(n) for n in (7, 26, 156, 1998, 61706)]
    [1, 2, 4, 2, 6]
    """
    if n in YEARS:
        return 2
    said = 0
    for size in (10**9, 10**6, 1000):
        if n >= size:
            said += whole_number(n // size) + 1
            n %= size
    if n >= 100:
        said += 2
        n %= 100
    if n or not said:
        said += 1 if n <= 20 or n % 10 == 0 else 2
    return said


def values(text: str) -> int:
    """Number expressions of ``text``; 6 × (25 + 1) = 156 is one, so is 5, 6 and 14.

    >>> values("C1 has 6 × (25 + 1) = 156 parameters, LeNet-5 about 60,000.")
    2
    """
    text = re.sub(r"[A-Za-z]+-?\d+|`[^`]*`", " ", text.replace("{,}", ","))
    text = re.sub(r"\b(?:19|20)\d\d\b", " ", text)
    link = r"(?:\s*(?:×|\+|−|=|·|/|\(|\)|,|–|-|≈|%|and|to|by)\s*)+"
    one = r"\d(?:[\d.,]*\d)?"
    return len(re.findall(rf"{one}(?:{link}{one})*", text))
