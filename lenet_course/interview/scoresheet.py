"""What was asked, what was answered, and how it went."""

from dataclasses import dataclass, field

from lenet_course.interview.bank import TOPICS, Question

SCORES = ("missed", "in part", "said it")  # 0, 1, 2 points
SECONDS = 30  # an answer


@dataclass(frozen=True)
class Answer:
    """What one question got: the candidate's words, points from 0 to 2, seconds."""

    text: str
    score: int
    seconds: float


@dataclass
class Scoresheet:
    """Questions in their order and the answers so far."""

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

    def reread(self) -> list[tuple[str, str]]:
        """Chapter and heading of what was not yet said, the most to win first."""
        lost: dict[tuple[str, str], int] = {}
        for question, answer in zip(self.questions, self.answers):
            place = question.chapter, question.heading
            lost[place] = lost.get(place, 0) + len(SCORES) - 1 - answer.score
        return sorted(filter(lost.get, lost), key=lambda place: (-lost[place], place))

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
        if places := self.reread():
            lines.append("Read again:")
            lines += [f"- {chapter}: {heading}" for chapter, heading in places]
        return "\n".join(lines)
