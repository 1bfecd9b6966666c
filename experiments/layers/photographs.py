"""Which step of preparing a photograph is worth what? The book's network reads them.

    python -m experiments.layers.photographs  # needs MNIST; resumes where it stopped

Each of 100 test digits, drawn anew for each of five seeds, is written by a blue pen on
unevenly lit paper and photographed sideways (`make_photograph`). The trained network of
the book then reads it: prepared by `data.from_picture`, prepared with one step left
out, and as the digit came from MNIST. Nothing is trained and nothing chosen here.
"""

import io

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from experiments import records
from lenet_helpers import data, models
from lenet_helpers.data import ink, picture, picture_file

SEEDS, COUNT = 5, 100


def read(photo: bytes, *, leave_out: str = "") -> Tensor:
    """[28, 28]: as ``data.from_picture`` does it, but for one step."""
    if leave_out == "EXIF":
        photo = Image.fromarray(np.array(Image.open(io.BytesIO(photo))))
    channels, _ = picture_file.read(photo)
    if leave_out == "colour":
        channels = channels.mean(0, keepdim=True).expand(3, -1, -1)
    if leave_out == "everything":
        return resized(channels.mean(0))
    if leave_out == "everything but inverting":
        return 1 - resized(channels.mean(0))
    ground = ink.paper(channels)
    if leave_out == "levelling":
        ground = channels.amax((1, 2), keepdim=True).expand_as(channels)
    darker = ink.contrast(channels, ground)
    try:
        boxes, mask, _ = ink.find(darker > ink.threshold(darker))
    except data.DataError:
        return torch.zeros(28, 28)
    box = max(boxes, key=lambda box: box.height * box.width)
    cut = mask[box.top : box.bottom, box.left : box.right]
    if leave_out == "inverting":
        return 1 - picture.as_mnist(cut)
    if leave_out == "cropping":
        return resized(mask.float())
    if leave_out == "20x20 box":
        return F.interpolate(cut[None, None].float(), (28, 28), mode="area")[0, 0]
    if leave_out == "centre of mass":
        return by_box(picture.as_mnist(cut))
    return picture.as_mnist(cut)


def resized(values: Tensor) -> Tensor:
    return F.interpolate(values[None, None], (28, 28), mode="area")[0, 0]


def by_box(pixels: Tensor) -> Tensor:
    """The same digit, the middle of its box in the middle of the field."""
    rows, columns = (pixels.sum(a).nonzero().flatten() for a in (1, 0))
    moves = [14 - (int(r[0]) + int(r[-1]) + 1) // 2 for r in (rows, columns)]
    return pixels.roll(moves, (0, 1))


STEPS = (
    "",
    "EXIF",
    "colour",
    "levelling",
    "inverting",
    "cropping",
    "20x20 box",
    "centre of mass",
    "everything",
    "everything but inverting",
)


@torch.inference_mode()
def run(digits: data.DigitData, seed: int) -> dict:
    model = models.load_pretrained()
    images, labels = digits.test.tensors
    draw = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(labels), generator=draw)[:COUNT]
    pixels = digits.denormalise(images[chosen])[:, 0, 2:-2, 2:-2]
    photos = [
        data.make_photograph(pixel[None], seed=COUNT * seed + i)
        for i, pixel in enumerate(pixels)
    ]

    def error(prepared: Tensor) -> float:
        framed = F.pad(prepared[:, None], [2] * 4)
        answers = model((framed - digits.mean) / digits.std).argmax(1)
        return 100 * (answers != labels[chosen]).double().mean().item()

    errors = {
        step: error(torch.stack([read(photo, leave_out=step) for photo in photos]))
        for step in STEPS
    }
    found = [len(data.from_picture(photo)) for photo in photos]
    return {
        "mnist": error(pixels),
        "all steps": errors.pop(""),
        "without": errors,
        "not_one_digit": sum(count != 1 for count in found),
    }


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    mnist = data.load("mnist")
    runs = records.Runs("photographs", ("seed",), digits=COUNT)
    jobs = [dict(seed=seed) for seed in range(SEEDS)]
    runs.finish(jobs, lambda seed: run(mnist, seed), minutes)


if __name__ == "__main__":
    main()
