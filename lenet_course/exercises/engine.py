'''Exercises that check themselves: task, checker, hints and a worked solution.

**Declare** an exercise in the module of its chapter: the id ``architecture.c3-weights``
lives in ``ch02_architecture/exercises.py``. The decorated function *is* the worked
solution; its docstring explains it. Everything the tests need stands beside it::

    """The exercises of the chapter on the architecture."""

    from lenet_course.exercises.checkers import number
    from lenet_course.exercises.registry import exercise

    @exercise(
        "architecture.c3-weights",
        task="How many weights, without biases, has C3 as published?",
        checker=number(
            1500,
            wrong={
                2400: "That joins every S2 map to every C3 map. Look at Table I.",
                1516: "Weights only: what else did you count?",
            },
            look="Count the crosses of Table I, then the weights behind each.",
        ),
        hints=["How many S2 maps does C3 map 0 read?", "Table I has 60 crosses."],
        more="Only 60 of the 96 possible map pairs are connected.",
    )
    def c3_weights() -> int:
        """Each connected pair of maps has its own 5×5 kernel."""
        pairs = 6 * 3 + 9 * 4 + 1 * 6
        return pairs * 5 * 5

- A *value* exercise (`number`, `shape`, `choice`): the reader's answer is what the
  solution returns. A *function* or *module* exercise (`function`, `module`): the
  answer is the function or class itself, as the solution is. See `checkers`.
- The solution must run as it is displayed: beyond ``torch``, ``Tensor``, ``nn`` and
  ``F`` it imports what it needs in its body.
- A pointer says where to look and never the answer; `more` is the one sentence that
  a right answer earns. Hints go from a nudge to nearly the whole way.
- Two wrong answers at least, each a mistake one really makes. Those that `wrong=` of
  the checker does not cover: ``wrong=[(answer, "words its pointer must contain")]``.
- Judge the checker: two right answers in another style and three that are subtly wrong
  go into the table of the chapter in ``tests/chapters/judged``. Try many cases, so that
  no number may be forgotten or fixed; what a room needs for a check it imports itself,
  at the top, since what is first imported within a check is lost with it.
- Text may use `code`, **strong** and *emphasis*; for mathematics write Unicode.

**In the notebook** an exercise is three cells:

1. markdown: a heading and the task;
2. code: the stub, ending with the check. It is committed executed, so it shows
   *not attempted*; in the page, `_static/ask.js` makes of that a field that judges
   a value or a function in plain Python, or the way to where other code can run::

       c3_weights = ...  # your answer
       exercises.check("architecture.c3-weights", c3_weights)

   or, for a function, ``def c3_weights(): ...`` and then
   ``exercises.check("architecture.c3-weights", c3_weights)``;
3. code, tagged ``remove-input``, committed executed::

       exercises.solution("architecture.c3-weights")

   It runs the solution, and shows every hint and the solution folded. The reader of
   the page without a kernel thus has the task, the stub, the hints and the solution.
'''

from typing import Any

from lenet_course.exercises.form import form
from lenet_course.exercises.limit import run
from lenet_course.exercises.registry import (
    Exercise,
    UnknownExercise,
    all,
    exercise,
    get,
)
from lenet_course.exercises.show import (
    CORRECT,
    NOT_ATTEMPTED,
    NOT_YET,
    Hint,
    Verdict,
    Worked,
    readable,
)
from lenet_course.exercises.state import known
from lenet_course.exercises.thread import DIED, Ran

__all__ = [
    "Exercise",
    "UnknownExercise",
    "all",
    "check",
    "exercise",
    "get",
    "hint",
    "solution",
]

_hinted: dict[str, int] = {}


def check(id: str, answer: Any = None) -> Verdict:
    """Say whether ``answer`` is *correct*, *not yet* (and where to look), or missing.

    Whatever the answer is or does, a verdict comes back within `Exercise.seconds`
    and a little. Text in an answer is never executed. Write it as the last line of
    a cell: the verdict displays itself. Raises `UnknownExercise`.
    """
    made = get(id)
    not_attempted = Verdict(id, NOT_ATTEMPTED, _how_to_start(made), form=form(made))
    if answer is None or answer is ...:
        return not_attempted
    ran = run(lambda: made.checker(answer), made.seconds)
    if not ran.error and ran.value is None:
        return Verdict(id, CORRECT, made.more)
    if ran.error == "NotAttempted":
        return not_attempted
    pointer = readable(_pointer(made, ran), 590)
    return Verdict(id, NOT_YET, pointer, readable(ran.printed.strip(), 400))


def _how_to_start(made: Exercise) -> str:
    task = made.task if made.task[-1] in ".?!" else f"{made.task}."
    return f"{task} Replace the dots by your answer and run the cell again."


def _pointer(made: Exercise, ran: Ran) -> str:
    match ran.error:
        case "":
            return ran.value
        case "NotYet":
            return ran.said
        case "TimeLimit":
            return (
                f"It was still running after {made.seconds:g} s and was stopped: "
                "does every loop come to its end?"
            )
        case "KeyboardInterrupt":
            return "You stopped it before it had finished."
        case died if died == DIED:
            return "Your answer ended the check itself: a crash, an exit, or no memory."
        case error:
            return f"Your answer could not be looked at: that raised `{error}`."


def hint(id: str, number: int | None = None) -> Hint:
    """The next hint of exercise ``id``, or hint ``number`` (from 1).

    After the last hint, the last one again. Raises `UnknownExercise`, and
    ValueError when there is no hint of that number.
    """
    made = get(id)
    count = len(made.hints)
    if number is None:
        number = _hinted[id] = min(_hinted.get(id, 0) + 1, count)
    if number not in range(1, count + 1):
        raise ValueError(f"{id} has hints 1 to {count}, no hint {number!r}")
    return Hint(id, number, count, made.hints[number - 1])


def solution(id: str) -> Worked:
    """Run the worked solution of exercise ``id`` and show it, hints first, folded.

    Raises `UnknownExercise`, and AssertionError if the checker refuses it.
    """
    made = get(id)
    with known():
        answer = made.answer()
    verdict = check(id, answer)
    if not verdict:
        raise AssertionError(f"the solution of {id} is not accepted: {verdict!r}")
    ran = "" if made.checker.takes_function else f"Run, it gives `{answer!r}`. "
    return Worked(id, made.source(), made.explanation(), ran + made.more, made.hints)
