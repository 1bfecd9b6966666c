"""What the book's trained network takes for what, on MNIST's test digits."""

import torch
from matplotlib import pyplot as plt

from lenet_helpers import data, plots
from lenet_helpers.models import load_pretrained
from tools.card_figures.save import blank


def counts() -> torch.Tensor:
    """int64 [10, 10], row = true class, column = predicted class; needs MNIST."""
    images, labels = data.load("mnist", download=False).test.tensors
    model = load_pretrained().eval()
    with torch.inference_mode():
        said = torch.cat([model(part).argmax(1) for part in images.split(500)])
    pairs = torch.bincount(10 * labels + said, minlength=100)
    return pairs.reshape(10, 10)


def confusion():
    """Right answers in grey, mistakes in colour."""
    plt.close(blank(1)[0])
    figure = plots.confusion(counts(), [str(k) for k in range(10)])
    figure.set_size_inches(5.2, 4.3)
    return figure
