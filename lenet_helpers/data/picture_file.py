"""A picture of any kind, upright, in red, green and blue; what was done to it."""

import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import torch
from torch import Tensor

from lenet_helpers.data.idx import DataError

if TYPE_CHECKING:
    from PIL import Image

LARGEST = 100_000_000  # pixels that are unpacked: 300 MB as red, green and blue
SMALLEST = 8  # pixels a side
KEPT = 1_500_000  # pixels to go on with; a phone's twelve million tell no more
ORIENTATION = 0x0112  # the EXIF tag
TURNS = {2: "mirrored", 3: "upside down", 4: "mirrored and upside down"}
NO_PICTURE = "not a picture that can be read"

Source = str | os.PathLike | bytes | BinaryIO


def read(source: "Source | Image.Image") -> tuple[Tensor, list[str]]:
    """float32 [3, H, W] in [0, 1], and remarks on what was done on the way.

    Turned as the camera noted it in EXIF; of several frames the first; what is
    transparent becomes a ground on which the rest is seen; 16 bits, palettes and CMYK
    become red, green and blue; large pictures are reduced to 1.5 million pixels.

    Raises DataError when there is no picture, or it is too small or too large.
    """
    from PIL import Image

    remarks: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of size and metadata: judged here
        try:
            image = source if isinstance(source, Image.Image) else _open(source)
            _check_size(image)
            image = _first_frame(image, remarks)
            # Unpacks a large JPEG at a half, a quarter or an eighth: less memory.
            image.draft(None, (2000, 2000))
            image = _upright(image, remarks)
            pixels = _colours(image, remarks)
        except DataError:
            raise
        except Exception as error:  # decoders raise whatever a broken file makes them
            raise DataError(f"{NO_PICTURE} ({error})") from None
    return pixels, remarks


def _open(source: Source) -> "Image.Image":
    from PIL import Image, UnidentifiedImageError

    if isinstance(source, bytes | bytearray):
        source = io.BytesIO(source)
    elif isinstance(source, str | os.PathLike):
        source = Path(source).expanduser()
    try:
        return Image.open(source)
    except Image.DecompressionBombError:
        raise DataError(f"more than {LARGEST:,} pixels: make it smaller") from None
    except UnidentifiedImageError:
        raise DataError(NO_PICTURE) from None
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})") from None


def _check_size(image: "Image.Image") -> None:
    wide, high = image.size
    if wide * high > LARGEST:
        raise DataError(f"{wide:,}×{high:,} are too many pixels: make it smaller")
    if min(wide, high) < SMALLEST:
        raise DataError(f"no digit: {wide}×{high} pixels are too few for one")


def _first_frame(image: "Image.Image", remarks: list[str]) -> "Image.Image":
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        image.seek(0)
        remarks.append(f"It has {frames} frames; this is the first.")
    return image


def _upright(image: "Image.Image", remarks: list[str]) -> "Image.Image":
    from PIL import ImageOps

    try:
        orientation = image.getexif().get(ORIENTATION, 1)
        upright = ImageOps.exif_transpose(image)
    except Exception:  # damaged metadata are no reason to refuse the picture
        return image
    if orientation in range(2, 9):
        how = TURNS.get(orientation, "lying on its side")
        remarks.append(f"It was stored {how}, as EXIF says, and has been turned.")
    return upright


def _colours(image: "Image.Image", remarks: list[str]) -> Tensor:
    """float32 [3, H, W] in [0, 1] of any of Pillow's modes."""
    import numpy as np

    if image.mode[0] in "IF":  # 16 bits, or numbers of no fixed range
        values = torch.from_numpy(np.array(image, dtype=np.float64))
        values = values.nan_to_num(0, 0, 0).clamp(min=0)
        values = values / values.max().clamp(min=1e-9)
        return _reduced(values.float().expand(3, -1, -1))
    if "A" in image.getbands() or "transparency" in image.info:
        image = _on_a_ground(image.convert("RGBA"), remarks)
    pixels = np.array(image.convert("RGB"))
    return _reduced(torch.from_numpy(pixels).permute(2, 0, 1).float() / 255)


def _on_a_ground(image: "Image.Image", remarks: list[str]) -> "Image.Image":
    """Light strokes on transparency go onto black, dark ones onto white."""
    import numpy as np
    from PIL import Image

    values = np.array(image, dtype=np.float64)
    weight = values[..., 3]
    if weight.max() == 0:
        raise DataError("no digit: the picture is transparent everywhere")
    if weight.min() == 255:
        return image
    light = (values[..., :3].mean(-1) * weight).sum() / weight.sum() > 127.5
    ground, name = ((0, 0, 0), "black") if light else ((255, 255, 255), "white")
    remarks.append(f"Where it is transparent, {name} has been put behind it.")
    return Image.alpha_composite(Image.new("RGBA", image.size, (*ground, 255)), image)


def _reduced(pixels: Tensor) -> Tensor:
    """At most ``KEPT`` pixels: each the mean of those that it replaces."""
    high, wide = pixels.shape[1:]
    scale = (KEPT / (high * wide)) ** 0.5
    if scale >= 1:
        return pixels.contiguous()
    size = [max(1, int(scale * side)) for side in (high, wide)]
    return torch.nn.functional.adaptive_avg_pool2d(pixels, size)
