"""The exercises of the bug clinic, ward by ward."""

from lenet_helpers.exercises import (
    _clinic_data,
    _clinic_figure,
    _clinic_layers,
    _clinic_loop,
    _clinic_model,
    _clinic_pictures,
    _clinic_saving,
    _clinic_scores,
    _clinic_timing,
)

__all__ = [
    "_clinic_data",
    "_clinic_figure",
    "_clinic_layers",
    "_clinic_loop",
    "_clinic_model",
    "_clinic_pictures",
    "_clinic_saving",
    "_clinic_scores",
    "_clinic_timing",
]
