"""The weights that come with the book."""

from pathlib import Path

from lenet_helpers.models.modern import ModernLeNet5

WEIGHTS = Path(__file__).parents[1] / "weights" / "modern-lenet5.safetensors"


def load_pretrained() -> ModernLeNet5:
    """The trained LeNet-5 that comes with the book, in evaluation mode.

    Made by ``experiments/training/weights.py``; the file's metadata says which
    variant it is and how it scored. It expects what ``data.load("mnist")`` returns:
    float32 [N, 1, 32, 32], padded and normalised. Returns 10 logits an image.

    >>> load_pretrained().training
    False
    """
    from safetensors import safe_open
    from safetensors.torch import load_model

    with safe_open(WEIGHTS, framework="pt") as file:
        variant = file.metadata()
    model = ModernLeNet5(activation=variant["activation"], pool=variant["pool"])
    load_model(model, WEIGHTS)
    return model.eval()
