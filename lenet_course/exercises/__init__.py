"""Exercises with self-checking answers, graded hints and worked solutions.

``check("architecture.c3-parameters", 1516)`` judges an answer, ``hint`` gives the
next hint, ``solution`` runs and shows the worked solution; ``all`` lists what there
is. How to write one: `lenet_course.exercises.engine`.
"""

from lenet_course.exercises.engine import (
    Exercise,
    UnknownExercise,
    all,
    check,
    hint,
    solution,
)

__all__ = ["Exercise", "UnknownExercise", "all", "check", "hint", "solution"]
