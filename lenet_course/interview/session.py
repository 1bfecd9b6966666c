"""A mock interview, without a screen.

`terminal` and `widget` hold it, web/interview.js holds the same one in the page.
"""

import json
import random
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from lenet_course.interview.bank import KINDS, TOPICS, apart, asked, questions
from lenet_course.interview.entry import Question
from lenet_course.interview.export import store
from lenet_course.interview.scoresheet import SECONDS, Scoresheet
from lenet_course.stream import SEEDS, Stream, check_seed
from lenet_course.strict import LEVELS, ContentError, known


class Round(NamedTuple):
    """One kind of interview: how many questions, of which kinds, and how long each.

    ``often`` keeps to what public lists of questions hold.
    """

    n: int
    seconds: int
    kinds: Collection[str] = KINDS
    levels: Collection[str] = LEVELS
    often: bool = False


ROUNDS = {
    "mixed": Round(10, SECONDS),
    "screen": Round(8, SECONDS, ("fundamentals",), LEVELS[:2], often=True),
    "fundamentals": Round(12, SECONDS, ("fundamentals",)),
    "derivation": Round(4, 300, ("derivation",)),
    "coding": Round(3, 600, ("coding",)),
    "debugging": Round(5, 60, ("debugging",)),
    "design": Round(3, 180, ("design",)),
    "project": Round(2, 120, ("project",)),
}


class Interview(Scoresheet):
    """A scoresheet that shows itself in a notebook, and can be kept in a file."""

    def __repr__(self) -> str:
        return f"Mock interview, {len(self.answers)} of {len(self.questions)} answered"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        from lenet_course.interview.widget import stage

        display(stage(self))

    def save(self, path: Path) -> None:
        """Write it to a file, whole or not at all."""
        state = {
            "seed": self.seed,
            "aim": self.aim,
            "ids": [question.id for question in self.questions],
            "answers": [asdict(answer) for answer in self.answers],
        }
        text = json.dumps(state, ensure_ascii=False, indent=1)
        store(path, lambda draft: draft.write_text(text, encoding="utf-8"))


def load(path: Path) -> Interview:
    """An interview that was saved.

    Raises:
        ContentError: the file is damaged, or asks what is no longer in the bank.
    """
    bank = {question.id: question for question in questions()}
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        asked_for = [bank[name] for name in state["ids"]]
        interview = Interview(asked_for, check_seed(state["seed"]), [], state["aim"])
        for answer in state["answers"]:
            seconds, text = float(answer["seconds"]), str(answer["text"])
            interview.record(answer["ticks"], text, seconds, answer["followed"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ContentError(f"{path.name} holds no interview of this book") from error
    return interview


def mock(
    n: int | None = None,
    seed: int | None = None,
    topic: str | None = None,
    level: str | None = None,
    round: str = "mixed",
) -> Interview:
    """Questions at random, spread over the topics, the basic ones first.

    The same seed asks the same questions, here and in the page. Near twins are never
    asked together: where hardly anything else is left, there are fewer than ``n``.

    Args:
        n: how many; the round's own number, or what there is, if it is None.
        round: one of `ROUNDS`: a phone screen, a derivation, a design...

    Raises:
        ContentError: an unknown topic, level or round, a bad seed, or more questions
            than there are.

    >>> mock(3, seed=1)
    Mock interview, 0 of 3 answered
    """
    known("topic", topic, TOPICS)
    known("round", round, ROUNDS)
    held = ROUNDS[round]
    found = [q for q in questions(topic, level) if _belongs(q, held)]
    if n is None:
        n = min(held.n, len(found))
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= len(found):
        raise ContentError(f"n={n!r}; there are 1 to {len(found)} such questions")
    seed = random.randrange(SEEDS) if seed is None else check_seed(seed)
    return Interview(_draw(found, n, seed), seed, [], held.seconds)


def _belongs(q: Question, held: Round) -> bool:
    fits = q.kind in held.kinds and q.level in held.levels
    return fits and (not held.often or q.id in asked())


def _draw(found: list[Question], n: int, seed: int) -> list[Question]:
    turns: dict[str, int] = {}
    waiting = []
    for question in Stream(seed).shuffled(found):  # the first of each topic, then...
        turns[question.topic] = turns.get(question.topic, 0) + 1
        waiting.append((turns[question.topic], question))
    chosen: list[Question] = []
    for _, question in sorted(waiting, key=lambda pair: pair[0]):
        twins = apart().get(question.id, set())
        if len(chosen) < n and not twins & {other.id for other in chosen}:
            chosen.append(question)
    return sorted(chosen, key=lambda question: LEVELS.index(question.level))
