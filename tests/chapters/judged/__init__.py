"""Answers that judge the checkers: a table for each chapter that has exercises.

``history.py`` holds those to ``history.*``: ``RIGHT`` has at least two right answers to
each exercise, in another style than its solution, ``WRONG`` at least three that are
subtly wrong, other ones than the exercise itself knows. An answer that several
exercises share is written once; one that must differ in a word is made by a function.
`tests/chapters/test_judged.py` gives every one of them to its checker.
"""
