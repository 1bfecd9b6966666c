"""The exercises of the bug clinic, ward by ward; and the GPU of its last case."""

from lenet_course.ch18_clinic import (
    data,
    figure,
    layers,
    loop,
    model,
    pictures,
    saving,
    scores,
)
from lenet_course.ch18_clinic.timing import FakeGPU, Step

__all__ = ["WARDS", "FakeGPU", "Step"]

WARDS = (  # importing them registers their exercises
    *(pictures, data, layers, model),
    *(loop, scores, saving, figure),
)
