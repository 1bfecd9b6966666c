"""A mock interview: what is asked, what was answered, how it went; without a screen.

`terminal` and `widget` hold it, web/interview.js holds the same one in the page.
"""

import json
import random
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lenet_helpers.interview.bank import (
    FOLDER,
    LEVELS,
    TOPICS,
    BankError,
    Question,
    known,
    questions,
)
from lenet_helpers.interview.drills.stream import SEEDS, Stream, check_seed
from lenet_helpers.interview.export import store

SCORES = ("missed", "in part", "said it")  # 0, 1, 2 points
SECONDS = 30  # an answer


@dataclass(frozen=True)
class Answer:
    """What one question got: the candidate's words, points from 0 to 2, seconds."""

    text: str
    score: int
    seconds: float


@dataclass
class Interview:
    """Questions in their order and the answers so far; shows itself in a notebook."""

    questions: list[Question]
    seed: int
    answers: list[Answer] = field(default_factory=list)

    @property
    def current(self) -> Question | None:
        """The question that waits for an answer; None at the end."""
        done = len(self.answers)
        return self.questions[done] if done < len(self.questions) else None

    def record(self, score: int, text: str = "", seconds: float = 0.0) -> None:
        """Score the current question. Raises ValueError on a score that is none."""
        if self.current is None:
            raise ValueError("the interview is over: every question has its score")
        if isinstance(score, bool) or score not in range(len(SCORES)):
            raise ValueError(f"score={score!r}; it is 0, 1 or 2")
        self.answers.append(Answer(text, score, seconds))

    def by_topic(self) -> dict[str, list[tuple[Question, Answer]]]:
        """What was answered, by topic in the order of the bank."""
        pairs = list(zip(self.questions, self.answers))
        found = {t: [p for p in pairs if p[0].topic == t] for t in TOPICS}
        return {topic: pairs for topic, pairs in found.items() if pairs}

    def reread(self) -> list[str]:
        """Chapters of what was not yet said, the one with the most to win first.

        Only chapters that stand in this checkout.
        """
        lost: dict[str, int] = {}
        for question, answer in zip(self.questions, self.answers):
            missing = len(SCORES) - 1 - answer.score
            lost[question.chapter] = lost.get(question.chapter, 0) + missing
        there = {path.stem for path in (FOLDER.parents[1] / "chapters").glob("*.*")}
        found = [c for c in lost if lost[c] and c in there]
        return sorted(found, key=lambda c: (-lost[c], c))

    def summary(self) -> str:
        """Points and time by topic, and what to read again."""
        best = len(SCORES) - 1
        lines = []
        for topic, pairs in self.by_topic().items():
            points = sum(answer.score for _, answer in pairs)
            seconds = sum(answer.seconds for _, answer in pairs) / len(pairs)
            score = f"{points} of {best * len(pairs)} points"
            lines.append(f"{TOPICS[topic]}: {score}, {seconds:.0f} s an answer")
        total = sum(answer.score for answer in self.answers)
        lines.append(f"All: {total} of {best * len(self.answers)} points")
        if chapters := self.reread():
            lines.append(f"Read again: {', '.join(chapters)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Mock interview, {len(self.answers)} of {len(self.questions)} answered"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        from lenet_helpers.interview.widget import stage

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
        BankError: the file is damaged, or asks what is no longer in the bank.
    """
    bank = {question.id: question for question in questions()}
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        asked = [bank[name] for name in state["ids"]]
        interview = Interview(asked, check_seed(state["seed"]))
        for answer in state["answers"]:
            seconds, text = float(answer["seconds"]), str(answer["text"])
            interview.record(answer["score"], text, seconds)
    except (ValueError, KeyError, TypeError) as error:
        raise BankError(f"{path.name} holds no interview of this book") from error
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
        BankError: an unknown topic or level, a bad seed, or more questions than
            there are.

    >>> mock(3, seed=1)
    Mock interview, 0 of 3 answered
    """
    found = questions(topic, level)
    known("topic", topic, TOPICS)
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= len(found):
        raise BankError(f"n={n!r}; there are 1 to {len(found)} such questions")
    seed = random.randrange(SEEDS) if seed is None else check_seed(seed)
    waiting = Stream(seed).shuffled(found)
    rounds, asked = {}, []
    for question in waiting:  # the first of each topic, then the second of each...
        rounds[question.topic] = rounds.get(question.topic, 0) + 1
        asked.append((rounds[question.topic], question))
    chosen = sorted(asked, key=lambda pair: pair[0])[:n]
    by_level = sorted(chosen, key=lambda pair: LEVELS.index(pair[1].level))
    return Interview([question for _, question in by_level], seed)
