"""The exercises of the coding tasks, by subject."""

from lenet_helpers.exercises import (
    _coding_backward,
    _coding_convolution,
    _coding_counting,
    _coding_data,
    _coding_learning,
    _coding_norm,
    _coding_pooling,
    _coding_scores,
)

__all__ = ["SUBJECTS"]

SUBJECTS = (  # importing them registers their exercises
    *(_coding_counting, _coding_convolution, _coding_pooling, _coding_norm),
    *(_coding_backward, _coding_learning, _coding_scores, _coding_data),
)
