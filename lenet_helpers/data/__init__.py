"""MNIST, or scikit-learn's small digits where there is none; CIFAR-10; your own.

Reading needs torch only; scikit-learn, torchvision and Pillow are imported when the
digits, a download or pictures ask for them.
"""

from lenet_helpers import lazy

__getattr__, __all__ = lazy.face(
    __name__,
    {
        "cifar": "ImageData load_cifar10",
        "digits": "DigitData load",
        "idx": "DataError",
        "made_photo": "make_photograph",
        "picture": "Handwriting MNIST_MEAN MNIST_STD as_mnist from_picture",
    },
)
