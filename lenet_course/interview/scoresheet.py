"""What was asked, what was answered, and how it went."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from lenet_course.interview.bank import TOPICS, FollowUp, Question
from lenet_course.interview.words import POINTS, name, word
from lenet_course.interview.words import TOPICS as CHINESE

SECONDS = 30  # an answer, where the round says nothing else
PASS = 70  # per cent of the points: claim and reason nearly always, often the number


def pressed(question: Question, ticks: Collection[str]) -> tuple[FollowUp, ...]:
    """What is asked next: the last two after a whole answer, else the first one."""
    whole = len(ticks) == len(question.points)
    return question.follow_ups[-2:] if whole else question.follow_ups[:1]


@dataclass(frozen=True)
class Answer:
    """What one question got: words, the points that were in them, seconds.

    ``followed`` says of each follow-up that was asked whether it was answered.
    """

    text: str
    ticks: tuple[str, ...]
    seconds: float
    followed: tuple[bool, ...] = ()


@dataclass
class Scoresheet:
    """Questions in their order and the answers so far; ``aim`` in seconds."""

    questions: list[Question]
    seed: int
    answers: list[Answer] = field(default_factory=list)
    aim: int = SECONDS

    @property
    def current(self) -> Question | None:
        """The question that waits for an answer; None at the end."""
        done = len(self.answers)
        return self.questions[done] if done < len(self.questions) else None

    def record(
        self,
        ticks: Collection[str],
        text: str = "",
        seconds: float = 0.0,
        followed: Collection[bool] = (),
    ) -> None:
        """Score the current question by what was said: claim, reason, number.

        Raises ValueError on a point that it does not have, or on too many follow-ups.
        """
        if self.current is None:
            raise ValueError("the interview is over: every question has its score")
        points = self.current.points
        if isinstance(ticks, str) or not set(ticks) <= set(points):
            raise ValueError(f"ticks={ticks!r}; the points are {[*points]}")
        ticks = tuple(point for point in points if point in ticks)
        followed = tuple(map(bool, followed))
        if len(followed) > len(pressed(self.current, ticks)):
            raise ValueError(f"followed={followed!r}; more than was asked")
        self.answers.append(Answer(text, ticks, seconds, followed))

    def pairs(self) -> list[tuple[Question, Answer]]:
        """Questions with their answers, as far as they go."""
        return list(zip(self.questions, self.answers))

    def reread(self) -> list[tuple[str, str]]:
        """Chapter and heading of what was not yet said, the most to win first."""
        lost: Counter[tuple[str, str]] = Counter()
        for question, answer in self.pairs():
            got, best = points([(question, answer)])
            lost[question.chapter, question.heading] += best - got
        return sorted(filter(lost.get, lost), key=lambda place: (-lost[place], place))

    def summary(self, language: str = "en") -> str:
        """Points and time by topic, what was left out, and what to read again."""
        pairs = self.pairs()
        got, best = points(pairs)
        lines = [_line(topic, pairs, language) for topic in TOPICS]
        lines.append(f"{word('all', language)}: {_score(pairs, language)}")
        if pairs:
            verdict = "passed" if 100 * got >= PASS * best else "failed"
            lines.append(word(verdict, language, mark=PASS))
        if missing := left_out(pairs):
            words = [
                word("times", language, name=name(POINTS[point], language), times=times)
                for point, times in missing.items()
            ]
            lines.append(f"{word('missing', language)}: {', '.join(words)}")
        if places := self.reread():
            lines.append(f"{word('read', language)}:")
            lines += [f"- {chapter}: {heading}" for chapter, heading in places]
        return "\n".join(filter(None, lines))


def points(pairs: list[tuple[Question, Answer]]) -> tuple[int, int]:
    """Points of these answers and the best there could be, follow-ups included."""
    got = sum(len(answer.ticks) + sum(answer.followed) for _, answer in pairs)
    best = sum(len(question.points) + len(a.followed) for question, a in pairs)
    return got, best


def left_out(pairs: list[tuple[Question, Answer]]) -> dict[str, int]:
    """How often each point was missing, in the order claim, reason, number, example."""
    missing = Counter(p for q, a in pairs for p in q.points if p not in a.ticks)
    return {point: missing[point] for point in POINTS if missing[point]}


def topic_name(topic: str, language: str) -> str:
    """What a topic is called."""
    return name((TOPICS[topic], CHINESE[topic]), language)


def _score(pairs: list, language: str) -> str:
    got, best = points(pairs)
    return word("points", language, points=got, best=best)


def _line(topic: str, pairs: list, language: str) -> str:
    mine = [pair for pair in pairs if pair[0].topic == topic]
    if not mine:
        return ""
    seconds = sum(answer.seconds for _, answer in mine) / len(mine)
    each = word("each", language, seconds=f"{seconds:.0f}")
    return f"{topic_name(topic, language)}: {_score(mine, language)}, {each}"
