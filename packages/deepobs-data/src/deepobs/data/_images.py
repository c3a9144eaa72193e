"""Decoding and resizing of single images, in the worker processes."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ._root import open_regular

RESIZED = 256  # the shorter side of an image after resizing
CROPPED = 224  # both sides after cropping

# The only formats that ImageNet has: one of its files is a PNG. Others are not even tried, as some
# of Pillow's decoders start other programs (EPS), and rarely used ones have more bugs.
FORMATS = ("JPEG", "PNG")


class UnreadableImageError(Exception):
    """A file is not an image, or is broken."""


def read_image(path: Path) -> npt.NDArray[np.uint8]:
    """Reads an image of any mode (gray, CMYK, ...) upright and in color.

    Args:
        path: The file. An EXIF orientation is applied; most decoders of ImageNet, TensorFlow's too,
            ignore it, but hardly any file of ImageNet has one.

    Returns:
        uint8 `[H, W, 3]`.

    Raises:
        UnreadableImageError: If it is not a regular file with a JPEG or PNG image, or cut off.
    """
    from PIL import Image, ImageOps  # here: only streamed data sets need it

    try:
        with warnings.catch_warnings(), open_regular(path) as file:
            warnings.simplefilter("ignore")  # about odd EXIF entries, which are common
            warnings.simplefilter("error", Image.DecompressionBombWarning)  # 89 million pixels
            with Image.open(file, formats=FORMATS) as image:
                upright = ImageOps.exif_transpose(image)
                return np.asarray(upright.convert("RGB"))
    except Exception as error:  # Pillow raises errors of almost any kind on broken files
        raise UnreadableImageError(f"{path.name} cannot be read as an image") from error


def crop_resized(
    image: npt.NDArray[np.uint8], draws: npt.NDArray[np.float32] | None
) -> npt.NDArray[np.float32]:
    """Cuts 224×224 pixels from an image that is resized to 256 on the shorter side.

    Resizing is bilinear as in TensorFlow 1: without half-pixel centers and without antialiasing,
    output pixel i lies at i · (old side / new side). Only the pixels of the window are computed.

    Args:
        image: uint8 `[H, W, 3]`.
        draws: Three numbers from [0, 1): the window's place inside the central 256×256 pixels, down
            and right, and whether it is flipped; None for the central window, not flipped.

    Returns:
        float32 `[224, 224, 3]`, values of 0 to 255.
    """
    down, right, flip = (None, None, 1.0) if draws is None else draws.tolist()
    shorter = min(image.shape[:2])
    low, high, weight = _taps(image.shape[0], shorter, down)
    top = image[low].astype(np.float32)
    rows = top + (image[high] - top) * weight[:, None, None]
    low, high, weight = _taps(image.shape[1], shorter, right)
    if flip < 0.5:
        low, high, weight = low[::-1], high[::-1], weight[::-1]
    left = rows[:, low]
    result: npt.NDArray[np.float32] = left + (rows[:, high] - left) * weight[:, None]
    return result


def _taps(
    side: int, shorter: int, place: float | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Returns the two source pixels of each pixel of the window, and the second one's weight."""
    resized = round(side * RESIZED / shorter)  # half to even, like the original
    if place is None:
        first = (resized - CROPPED) // 2
    else:
        first = (resized - RESIZED) // 2 + int(place * (RESIZED - CROPPED + 1))
    wanted = np.arange(first, first + CROPPED, dtype=np.float32)
    source = wanted * np.float32(side / resized)
    low = source.astype(np.int64)
    high = np.minimum(low + 1, side - 1)
    return low, high, (source - low).astype(np.float32)
