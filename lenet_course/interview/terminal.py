"""The mock interview in a terminal; what is interrupted goes on the next time."""

import re
import shutil
import textwrap
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import monotonic

import platformdirs

from lenet_course.interview.bank import FollowUp, Question
from lenet_course.interview.export import store
from lenet_course.interview.scoresheet import points, pressed, topic_name
from lenet_course.interview.session import Interview
from lenet_course.interview.words import LEVELS, name, word
from lenet_course.strict import ContentError

YES_NO = {"y": True, "yes": True, "n": False, "no": False}
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


Ask = Callable[[str], str]


def hold(
    interview: Interview, path: Path, language: str = "en", ask: Ask = input
) -> bool:
    """Go through what is left; True at the end, False when it was interrupted.

    After every score, ``path`` holds all of it; at the end it is removed, and its
    points are added to what `earlier` tells.
    """
    interview.save(path)
    print(word("begin", language))
    try:
        while interview.current:
            _one(interview, language, ask)
            interview.save(path)
    except (KeyboardInterrupt, EOFError):
        done, all_ = len(interview.answers), len(interview.questions)
        print(f"\n{word('kept', language, done=done, all=all_)}")
        return False
    print(f"\n{interview.summary(language)}")
    _add(path, interview, language)
    path.unlink(missing_ok=True)
    return True


def _add(path: Path, interview: Interview, language: str) -> None:
    """Keep the points, and tell the last ones."""
    file, (got, best) = path.with_suffix(".history"), points(interview.pairs())
    told = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    if told:
        print(f"{word('earlier', language)}: {', '.join(told[-3:])}")
    line = f"{date.today().isoformat()} {got}/{best}"
    text = "\n".join([*told, line, ""])
    store(file, lambda draft: draft.write_text(text, encoding="utf-8"))


def _one(interview: Interview, language: str, ask: Ask) -> None:
    question, done = interview.current, len(interview.answers)
    place = word("place", language, here=done + 1, all=len(interview.questions))
    level = name(LEVELS[question.level], language)
    print(f"\n{place} · {topic_name(question.topic, language)} · {level}")
    show(question.question[language])
    begun = monotonic()
    text = _lines(ask)
    seconds = monotonic() - begun
    aim = word("aim", language, seconds=f"{seconds:.0f}", aim=interview.aim)
    print(f"\n{aim}")
    _answer(question, language)
    ticks = _ticks(question, language, ask)
    followed = [_followed(f, language, ask) for f in pressed(question, ticks)]
    interview.record(ticks, text, seconds, followed)


def _lines(ask: Ask) -> str:
    lines = []
    while line := ask("> "):
        lines.append(line)
    return "\n".join(lines)


def _answer(question: Question, language: str) -> None:
    show(question.answer[language])
    if question.figure:
        print()
        show(f"({question.figure.alt[language]})")
    print(f"\n{word('flags', language)}:")
    for flag in question.red_flags:
        show(f"{flag.says[language]} {flag.why[language]}", "- ")


def _ticks(question: Question, language: str, ask: Ask) -> list[str]:
    print(f"\n{word('said', language)}")
    for number, text in enumerate(question.points.values(), start=1):
        show(text[language], f"{number} ")
    digits = {str(i): p for i, p in enumerate(question.points, start=1)}
    while not set(typed := ask(f"{word('which', language)} ").strip()) <= set(digits):
        print(word("digits", language))
    return [digits[digit] for digit in typed]


def _followed(follow_up: FollowUp, language: str, ask: Ask) -> bool:
    print(f"\n{word('then', language)}")
    show(follow_up.ask[language])
    _lines(ask)
    show(follow_up.say[language])
    while (typed := ask(f"{word('yes-no', language)} ").strip().lower()) not in YES_NO:
        pass
    return YES_NO[typed]
