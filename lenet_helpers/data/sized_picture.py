"""A picture file of a data set, which must have the set's size."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lenet_helpers.data.idx import DataError

if TYPE_CHECKING:
    from PIL import Image


@contextmanager
def sized_picture(
    source: Path | BinaryIO, side: int, name: str
) -> "Iterator[Image.Image]":
    """The picture, ``side`` pixels wide and high; ``name`` is what errors call it.

    Raises DataError when there is none, when it is damaged, or has another size.
    """
    from PIL import Image

    try:
        with Image.open(source) as image:
            if image.size != (side, side):
                size = f"{image.width}x{image.height} pixels, not {side}x{side}"
                raise DataError(f"{name}: {size}")
            yield image
    except DataError:
        raise
    except Exception as error:  # Pillow raises many kinds on a damaged picture
        raise DataError(f"{name}: not a picture that can be read ({error})") from None
