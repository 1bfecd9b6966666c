"""The exercises of the coding tasks, by subject."""

from lenet_course.ch19_coding import (
    backward,
    convolution,
    counting,
    data,
    learning,
    norm,
    pooling,
    scores,
)

__all__ = ["SUBJECTS"]

SUBJECTS = (  # importing them registers their exercises
    *(counting, convolution, pooling, norm),
    *(backward, learning, scores, data),
)
