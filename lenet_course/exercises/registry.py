"""What an exercise is, how it is declared, and how it is found by its id."""

import ast
import difflib
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lenet_course.exercises.checkers import Checker
from lenet_course.exercises.state import known

PACKAGE = "lenet_course"
ROOMS = Path(__file__).parents[1]  # where the chapters have their folders
SECONDS = 5.0  # the time a check may take, unless its exercise says otherwise

_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9]+(-[a-z0-9]+)*")
_registered: dict[str, "Exercise"] = {}


class UnknownExercise(LookupError):
    """There is no exercise with this id; the message names the closest ones."""


@dataclass(frozen=True)
class Exercise:
    """One exercise, as `exercise` registers it."""

    id: str
    task: str
    checker: Checker
    hints: tuple[str, ...]
    more: str
    solution: Callable[..., Any]
    wrong: tuple[tuple[Any, str], ...] = ()
    seconds: float = SECONDS

    def answer(self) -> Any:
        """The right answer: the solution itself, or what it returns."""
        return self.solution if self.checker.takes_function else self.solution()

    def source(self) -> str:
        """The solution as shown: without its decorator and docstring."""
        text = textwrap.dedent(inspect.getsource(self.solution))
        node = ast.parse(text).body[0]
        lines = text.splitlines()
        hidden = range(0)
        if ast.get_docstring(node) is not None:
            hidden = range(node.body[0].lineno - 1, node.body[0].end_lineno)
        kept = [i for i in range(node.lineno - 1, len(lines)) if i not in hidden]
        return "\n".join(lines[i] for i in kept).rstrip()

    def explanation(self) -> str:
        """The solution's docstring."""
        return inspect.getdoc(self.solution) or ""


def exercise(
    id: str,
    *,
    task: str,
    checker: Checker | Callable[[Any], str | None],
    hints: Iterable[str],
    more: str,
    wrong: Iterable[tuple[Any, str]] = (),
    seconds: float = SECONDS,
) -> Callable[[Callable], Callable]:
    """Register the decorated function as the worked solution of exercise ``id``.

    ``checker`` comes from `checkers`, or is any function that returns None for a
    right answer and otherwise the pointer. Raises ValueError for a declaration
    that lacks something or an id that is taken.
    """
    if isinstance(hints, str):
        raise ValueError(f"exercise {id}: hints are a list of texts")
    if not isinstance(checker, Checker):
        checker = Checker(checker)
    examples = (*checker.examples, *wrong)

    def register(solution: Callable) -> Callable:
        made = Exercise(
            id, task, checker, tuple(hints), more, solution, examples, seconds
        )
        _validate(made)
        _registered[id] = made
        return solution

    return register


def _validate(made: Exercise) -> None:
    other = _registered.get(made.id)
    missing = [name for name in ("task", "hints", "more") if not getattr(made, name)]
    if not _ID.fullmatch(made.id):
        raise ValueError(f"exercise id {made.id!r}: write 'chapter.what-it-asks'")
    if missing:
        raise ValueError(f"exercise {made.id}: no {', no '.join(missing)}")
    if not made.explanation():
        raise ValueError(f"exercise {made.id}: its solution needs a docstring")
    if len(made.wrong) < 2:
        raise ValueError(f"exercise {made.id}: declare two wrong answers at least")
    if other and _origin(other.solution) != _origin(made.solution):
        raise ValueError(f"exercise {made.id} is registered twice")


def _origin(function: Callable) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def chapters() -> dict[str, str]:
    """The chapters that have exercises, in order, each with the module that has them.

    The exercises ``training.*`` are in ``lenet_course/ch08_training/exercises.py``.
    """
    found = sorted(ROOMS.glob("ch[0-9][0-9]_*/exercises.py"))
    rooms = [path.parent.name for path in found]
    return {room[len("ch00_") :]: f"{PACKAGE}.{room}.exercises" for room in rooms}


def _load(module: str) -> None:
    with known():  # right answers are worked out there
        importlib.import_module(module)


def get(id: str) -> Exercise:
    """The exercise ``id``. Raises `UnknownExercise` naming the closest ids."""
    chapter = str(id).partition(".")[0]
    if str(id) not in _registered and chapter in chapters():
        _load(chapters()[chapter])
    if isinstance(id, str) and id in _registered:
        return _registered[id]
    known = [one.id for one in all()]
    close = difflib.get_close_matches(str(id), known, n=3, cutoff=0.4) or known[:5]
    near = f"; did you mean {' or '.join(close)}?" if close else ""
    raise UnknownExercise(f"no exercise has the id {id!r}{near}")


def all(chapter: str | None = None) -> list[Exercise]:
    """Every exercise, or those of one chapter, in the order of their declaration."""
    for module in chapters().values():
        _load(module)
    prefix = f"{chapter}." if chapter else ""
    return [one for one in _registered.values() if one.id.startswith(prefix)]
