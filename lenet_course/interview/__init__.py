"""The interview part: a bank of questions, read strictly, whose numbers are run.

``python -m lenet_course.interview`` holds a mock interview in a terminal.
"""

from lenet_course.interview.bank import (
    KINDS,
    TOPICS,
    Figure,
    FollowUp,
    Question,
    RedFlag,
    questions,
)
from lenet_course.interview.export import export_anki, export_csv, export_json
from lenet_course.interview.session import ROUNDS, Interview, mock
from lenet_course.strict import LEVELS, ContentError

__all__ = [
    "KINDS",
    "LEVELS",
    "ROUNDS",
    "TOPICS",
    "ContentError",
    "Figure",
    "FollowUp",
    "Interview",
    "Question",
    "RedFlag",
    "export_anki",
    "export_csv",
    "export_json",
    "mock",
    "questions",
]
