"""The mock interview in a terminal; what is interrupted goes on the next time."""

import re
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import platformdirs

from lenet_course.interview.bank import TOPICS
from lenet_course.interview.scoresheet import SCORES, SECONDS
from lenet_course.interview.session import Interview
from lenet_course.strict import ContentError

SYMBOLS = {
    "cdot": "·",
    "times": "×",
    "lfloor": "⌊",
    "rfloor": "⌋",
    "lceil": "⌈",
    "rceil": "⌉",
    "approx": "≈",
    "le": "≤",
    "leq": "≤",
    "ge": "≥",
    "geq": "≥",
    "to": "→",
    "eta": "η",
    "sum": "Σ",
    "partial": "∂",
    "sigma": "σ",
    "mu": "μ",
    "infty": "∞",
    "ln": "ln",
    "tanh": "tanh",
    "left": "",
    "right": "",
    "quad": " ",
}


def place() -> Path:
    """Where an interrupted interview waits.

    Raises ContentError for a user without a home folder.
    """
    try:
        folder = platformdirs.user_state_path("lenet-inside-out", appauthor=False)
    except RuntimeError as error:
        raise ContentError("no home folder: say where to keep it, --file") from error
    return folder / "interview.json"


def plain(text: str) -> str:
    r"""Markdown as a terminal shows it best: formulas with signs for their commands.

    >>> plain(r"$6 \cdot 26 = 156$ in `C1`, {,} kept")
    '6 · 26 = 156 in C1, {,} kept'
    """

    def formula(match: re.Match) -> str:
        tex = match[1].replace("{,}", ",").replace(r"\,", " ")
        tex = re.sub(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)", tex)
        tex = re.sub(r"\\(?:text|mathrm|operatorname)\{([^{}]*)\}", r"\1", tex)
        return re.sub(r"\\([a-zA-Z]+)", lambda m: SYMBOLS.get(m[1], m[0]), tex)

    text = re.sub(r"\$([^$]+)\$", formula, text)
    return re.sub(r"`([^`]+)`|\*\*(.+?)\*\*", lambda m: m[1] or m[2], text)


def show(text: str, indent: str = "") -> None:
    """Print a paragraph, wrapped to the terminal, at most 80 columns."""
    width = min(80, shutil.get_terminal_size().columns)
    for part in plain(text).split("\n\n"):
        options = {"initial_indent": indent, "subsequent_indent": " " * len(indent)}
        print(textwrap.fill(" ".join(part.split()), width, **options))


def hold(
    interview: Interview,
    path: Path,
    language: str = "en",
    ask: Callable[[str], str] = input,
) -> bool:
    """Go through what is left; True at the end, False when it was interrupted.

    After every score, ``path`` holds all of it; at the end it is removed.
    """
    interview.save(path)
    print("Answer aloud, or type; an empty line shows the answer. Ctrl-C stops.")
    try:
        while interview.current:
            _one(interview, language, ask)
            interview.save(path)
    except (KeyboardInterrupt, EOFError):
        print(f"\nKept: {interview!r}. Start again to go on.")
        return False
    print(f"\n{interview.summary()}")
    path.unlink(missing_ok=True)
    return True


def _one(interview: Interview, language: str, ask: Callable[[str], str]) -> None:
    question = interview.current
    number = f"{len(interview.answers) + 1} of {len(interview.questions)}"
    print(f"\n{number} · {TOPICS[question.topic]} · {question.level}")
    show(question.question[language])
    begun, lines = monotonic(), []
    while line := ask("> "):
        lines.append(line)
    seconds = monotonic() - begun
    print(f"\n{seconds:.0f} s (aim at {SECONDS})")
    show(question.answer[language])
    if question.figure:
        print()
        show(f"({question.figure.alt[language]})")
    for title, texts in (
        ("Then you may be asked", question.follow_ups),
        ("Wrong, and often heard", [f"{f.says} {f.why}" for f in question.red_flags]),
    ):
        print(f"\n{title}:")
        for text in texts:
            show(text, "- ")
    interview.record(_score(ask), "\n".join(lines), seconds)


def _score(ask: Callable[[str], str]) -> int:
    words = ", ".join(f"{points} {word}" for points, word in enumerate(SCORES))
    while (typed := ask(f"\nYour score ({words}): ").strip()) not in ("0", "1", "2"):
        print("Please type 0, 1 or 2.")
    return int(typed)
