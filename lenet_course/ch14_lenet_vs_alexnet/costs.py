"""LeNet against AlexNet: exercises on what a training costs."""

from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise


def _training_macs(macs: list[int], images: int, passes: int) -> int:
    return (3 * sum(macs) - macs[0]) * images * passes


@exercise(
    "lenet_vs_alexnet.training-macs",
    task="The multiply-adds of a whole training, from those of each layer and image.",
    checker=function(
        _training_macs,
        [
            *(([100, 50, 7], 10, 3), ([5], 4, 1), ([117_600, 240_000], 60_000, 20)),
            ([31, 12, 800, 45], 6, 7),
        ],
        wrong=[
            (
                lambda macs, images, passes: sum(macs) * images * passes,
                "That is the way forward only. What does the way back compute?",
            ),
            (
                lambda macs, images, passes: 2 * sum(macs) * images * passes,
                "The way back has two products a layer: one for the weights' "
                "gradient, one for the error that goes on to the layer before.",
            ),
            (
                lambda macs, images, passes: 3 * sum(macs) * images * passes,
                "Nearly. Which layer has nobody before it who needs an error?",
            ),
            (
                lambda macs, images, passes: (3 * sum(macs) - macs[0]) * images,
                "That is one pass over the images.",
            ),
        ],
        look="Three products a layer, an image and a pass, but for one of a layer.",
    ),
    hints=[
        "Forward: each layer once. Backward: once for its weights, once for its input.",
        "The first layer's input is the image, whose gradient nobody needs.",
    ],
    more="Divided by the seconds it took, this is the speed at which it was trained.",
)
def training_macs(macs: list[int], images: int, passes: int) -> int:
    """Forward, weights' gradient, input's gradient; the image needs none."""
    forward = weights = sum(macs)
    inputs = sum(macs[1:])
    return (forward + weights + inputs) * images * passes


def _training_bytes(params: int, kept: int, batch: int) -> int:
    return 4 * (3 * params + kept * batch)


@exercise(
    "lenet_vs_alexnet.training-bytes",
    task="Bytes for training in float32 by SGD with momentum; `kept` values an image.",
    checker=function(
        _training_bytes,
        [
            *((60_000, 8_000, 1), (10, 7, 128), (61_000_000, 3_000_000, 128)),
            (12, 100, 3),
        ],
        wrong=[
            (
                lambda params, kept, batch: 3 * params + kept * batch,
                "Those are numbers. How many bytes does one take in float32?",
            ),
            (
                lambda params, kept, batch: 4 * (params + kept * batch),
                "A weight does not come alone: what else is stored for each?",
            ),
            (
                lambda params, kept, batch: 4 * (2 * params + kept * batch),
                "Weight, gradient, and something that momentum needs.",
            ),
            (
                lambda params, kept, batch: 4 * (3 * params + kept) * batch,
                "All images of a batch share the weights.",
            ),
            (
                lambda params, kept, batch: 4 * (3 * params + kept),
                "`kept` is for one image, and a batch has several.",
            ),
        ],
        look="Three numbers a weight, whatever the batch; `kept` numbers an image.",
    ),
    hints=[
        "float32: 32 bits.",
        "Each weight has a gradient and a velocity beside it.",
    ],
    more="Double the batch and only the second part doubles.",
)
def training_bytes(params: int, kept: int, batch: int) -> int:
    """Weight, gradient and velocity once; the kept values for each image."""
    float32 = 4
    return float32 * (3 * params + kept * batch)
