"""A mock interview, without a screen.

`terminal` and `widget` hold it, web/interview.js holds the same one in the page.
"""

import json
import random
from dataclasses import asdict
from pathlib import Path

from lenet_course.interview.bank import TOPICS, questions
from lenet_course.interview.export import store
from lenet_course.interview.scoresheet import Scoresheet
from lenet_course.stream import SEEDS, Stream, check_seed
from lenet_course.strict import LEVELS, ContentError, known


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
        asked = [bank[name] for name in state["ids"]]
        interview = Interview(asked, check_seed(state["seed"]))
        for answer in state["answers"]:
            seconds, text = float(answer["seconds"]), str(answer["text"])
            interview.record(answer["score"], text, seconds)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ContentError(f"{path.name} holds no interview of this book") from error
    return interview


def mock(
    n: int = 10,
    seed: int | None = None,
    topic: str | None = None,
    level: str | None = None,
) -> Interview:
    """``n`` questions at random, spread over the topics, the basic ones first.

    The same seed asks the same questions, here and in the page.

    Raises:
        ContentError: an unknown topic or level, a bad seed, or more questions than
            there are.

    >>> mock(3, seed=1)
    Mock interview, 0 of 3 answered
    """
    found = questions(topic, level)
    known("topic", topic, TOPICS)
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= len(found):
        raise ContentError(f"n={n!r}; there are 1 to {len(found)} such questions")
    seed = random.randrange(SEEDS) if seed is None else check_seed(seed)
    waiting = Stream(seed).shuffled(found)
    rounds, asked = {}, []
    for question in waiting:  # the first of each topic, then the second of each...
        rounds[question.topic] = rounds.get(question.topic, 0) + 1
        asked.append((rounds[question.topic], question))
    chosen = sorted(asked, key=lambda pair: pair[0])[:n]
    by_level = sorted(chosen, key=lambda pair: LEVELS.index(pair[1].level))
    return Interview([question for _, question in by_level], seed)
