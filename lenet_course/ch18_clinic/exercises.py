"""The exercises of the bug clinic, ward by ward; and what its cases are played with."""

from lenet_course.ch18_clinic import (
    data,
    device,
    dropout,
    figure,
    layers,
    loop,
    model,
    pictures,
    reports,
    saving,
    scores,
    transforms,
)
from lenet_course.ch18_clinic.device import save_on_gpu
from lenet_course.ch18_clinic.timing import FakeGPU, Step
from lenet_course.ch18_clinic.transforms import Digits

__all__ = ["WARDS", "Digits", "FakeGPU", "Step", "save_on_gpu"]

WARDS = (  # importing them registers their exercises
    *(pictures, transforms, data, layers, model, dropout),
    *(loop, scores, reports, saving, device, figure),
)
