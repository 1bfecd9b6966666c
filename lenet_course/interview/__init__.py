"""The interview part: a bank of questions, read strictly, whose numbers are run.

``python -m lenet_course.interview`` holds a mock interview in a terminal.
"""

from lenet_course.interview.bank import TOPICS, Figure, Question, RedFlag, questions
from lenet_course.interview.export import export_anki, export_csv
from lenet_course.interview.session import Interview, mock
from lenet_course.strict import LEVELS, ContentError

__all__ = [
    "LEVELS",
    "TOPICS",
    "ContentError",
    "Figure",
    "Interview",
    "Question",
    "RedFlag",
    "export_anki",
    "export_csv",
    "mock",
    "questions",
]
