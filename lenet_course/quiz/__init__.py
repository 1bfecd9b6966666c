"""Quizzes that answer by themselves, without a kernel: ``quiz.show("architecture")``.

What a quiz file looks like: `lenet_course.quiz.page`.
"""

from lenet_course.quiz.format import Number, Option, Question, QuizData
from lenet_course.quiz.page import Quiz, load, names, show

__all__ = ["Number", "Option", "Question", "Quiz", "QuizData", "load", "names", "show"]
