"""The exercises of the bug clinic, ward by ward; and the GPU of its last case."""

from lenet_helpers.exercises import (
    _clinic_data,
    _clinic_figure,
    _clinic_layers,
    _clinic_loop,
    _clinic_model,
    _clinic_pictures,
    _clinic_saving,
    _clinic_scores,
)
from lenet_helpers.exercises._clinic_timing import FakeGPU, Step

__all__ = ["WARDS", "FakeGPU", "Step"]

WARDS = (  # importing them registers their exercises
    *(_clinic_pictures, _clinic_data, _clinic_layers, _clinic_model),
    *(_clinic_loop, _clinic_scores, _clinic_saving, _clinic_figure),
)
