"""The interview part: a bank of questions, read strictly, whose numbers are run."""

from lenet_helpers.interview.bank import (
    LEVELS,
    TOPICS,
    BankError,
    Question,
    RedFlag,
    questions,
)

__all__ = ["LEVELS", "TOPICS", "BankError", "Question", "RedFlag", "questions"]
