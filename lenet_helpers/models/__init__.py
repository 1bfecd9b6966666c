"""The networks of the book, each with the layer labels of its paper."""

from lenet_helpers import lazy

__getattr__, __all__ = lazy.face(
    __name__,
    {
        "alexnet": "AlexNet AlexNetCifar",
        "modern": "ModernLeNet5",
        "original": "C3_TABLE LeNet1 LeNet5 LeNet1989",
        "pretrained": "WEIGHTS load_pretrained",
    },
)
