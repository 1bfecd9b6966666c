"""The IDX format of the MNIST files: a magic number, the sizes, then the bytes."""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

UNSIGNED_BYTE = 0x08  # third byte of the magic number; the fourth counts dimensions


class DataError(RuntimeError):
    """Data is missing or damaged; the message says what to do about it."""


def parse(content: bytes, ndim: int) -> Tensor:
    """Turn the content of an IDX file into a uint8 tensor with ``ndim`` dimensions.

    The magic number is 2051 for images (ndim 3) and 2049 for labels (ndim 1);
    all integers are big-endian. Raises DataError on anything else, on a header
    that is cut off and on a length that is not what the header promises.

    Source: LeCun, Cortes and Burges, the MNIST database, "File formats".

    >>> parse(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]), ndim=1)
    tensor([7, 2, 1], dtype=torch.uint8)
    """
    header = 4 + 4 * ndim
    if len(content) < header:
        raise DataError(
            f"truncated: {len(content)} bytes, the header alone has {header}"
        )
    magic, *shape = struct.unpack_from(f">{1 + ndim}I", content)
    expected = 256 * UNSIGNED_BYTE + ndim
    if magic != expected:
        raise DataError(
            f"not the right kind of IDX file: magic {magic}, not {expected}"
        )
    promised = header + math.prod(shape)
    if len(content) != promised:
        fault = "truncated" if len(content) < promised else "too long"
        sizes = " x ".join(map(str, shape))
        raise DataError(
            f"{fault}: {len(content):,} bytes, but the header announces {sizes} items, "
            f"which need {promised:,}"
        )
    if promised == header:
        raise DataError("the header announces no items")
    # bytearray, because torch warns when tensors share memory that is read-only.
    flat = torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=header)
    return flat.reshape(shape)


def unzip(stream: BinaryIO, limit: int) -> bytes:
    """Decompress the gzip ``stream``, which may give ``limit`` bytes.

    Raises DataError when it is cut off, damaged or longer than that.

    >>> import io
    >>> unzip(io.BytesIO(gzip.compress(b"seven")), limit=5)
    b'seven'
    """
    try:
        with gzip.GzipFile(fileobj=stream) as unzipped:
            content = unzipped.read(limit + 1)
    except EOFError:
        raise DataError("truncated: the gzip stream ends too early") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"damaged gzip stream ({error})") from None
    return _at_most(limit, content)


def read(path: Path, limit: int) -> bytes:
    """Bytes of an IDX file, unzipped if need be, at most ``limit`` of them.

    Raises DataError when the file cannot be read, is longer or is damaged. The
    content tells gzip from raw (IDX starts with 0, gzip never does), not the name:
    some browsers unzip what they save and keep the ``.gz``.
    """
    if not path.is_file():  # a pipe would be waited for, a folder not read
        raise DataError("cannot be read (not a file)")
    try:
        with path.open("rb") as file:
            if file.peek(2).startswith(b"\x1f\x8b"):
                return unzip(file, limit)
            return _at_most(limit, file.read(limit + 1))
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})") from None


def _at_most(limit: int, content: bytes) -> bytes:
    if len(content) > limit:
        raise DataError(f"too long: more than {limit:,} bytes")
    return content
