"""The exercises of the coding tasks, by subject."""

from lenet_course.ch19_coding import (
    attention,
    backward,
    blocks,
    convolution,
    counting,
    data,
    detection,
    layer_norm,
    learning,
    norm,
    patches,
    pooling,
    scores,
    strided,
    tiny,
)

__all__ = ["SUBJECTS"]

SUBJECTS = (  # importing them registers their exercises
    *(counting, convolution, pooling, norm),
    *(layer_norm, blocks, patches, attention),
    *(backward, learning, scores, detection, data),
    *(strided, tiny),
)
