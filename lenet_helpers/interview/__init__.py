"""The interview part: a bank of questions, read strictly, whose numbers are run.

``python -m lenet_helpers.interview`` holds a mock interview in a terminal.
"""

from lenet_helpers.interview.bank import (
    LEVELS,
    TOPICS,
    BankError,
    Figure,
    Question,
    RedFlag,
    questions,
)
from lenet_helpers.interview.export import export_anki, export_csv
from lenet_helpers.interview.session import Interview, mock

__all__ = [
    "LEVELS",
    "TOPICS",
    "BankError",
    "Figure",
    "Interview",
    "Question",
    "RedFlag",
    "export_anki",
    "export_csv",
    "mock",
    "questions",
]
