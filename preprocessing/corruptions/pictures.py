"""Corruptions of single pictures: uint8 RGB in, uint8 RGB out; what was given is not written to."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageEnhance

from preprocessing.errors import FacefakeError

_LONGEST = {"JPEG": 65500, "WEBP": 16383}  # pixels a side, of libjpeg and of the format


def corrupt_picture(kind: str, level: float, rgb: np.ndarray, seed: int) -> np.ndarray:
    """Corrupt a picture.

    Args:
        kind: One of :data:`preprocessing.corruptions.KINDS` that is of pictures.
        level: In the kind's unit.
        rgb: ``(h, w, 3)`` uint8 RGB.
        seed: Of the noise.

    Returns:
        ``(h, w, 3)`` uint8 RGB.
    """
    return noise(rgb, level, seed) if kind == "noise" else _SEEDLESS[kind](rgb, level)


def jpeg(rgb: np.ndarray, quality: float) -> np.ndarray:
    """Through JPEG at a quality of 1..100, with the tables and the halved colour of libjpeg's default (Pillow's).

    Raises:
        FacefakeError: ``corruption_invalid`` for a picture larger than the format allows.
    """
    return _through("JPEG", rgb, quality)


def webp(rgb: np.ndarray, quality: float) -> np.ndarray:
    """Through lossy WebP at a quality of 1..100, by libwebp's default method (Pillow's).

    Raises:
        FacefakeError: As :func:`jpeg`.
    """
    return _through("WEBP", rgb, quality)


def _through(form: str, rgb: np.ndarray, quality: float) -> np.ndarray:
    if max(rgb.shape) > _LONGEST[form]:
        raise FacefakeError(
            "corruption_invalid",
            f"a picture of {rgb.shape[1]}x{rgb.shape[0]} pixels cannot be {form}",
            f"Its sides are at most {_LONGEST[form]} pixels long.",
        )
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, form, quality=int(quality))
    return np.array(Image.open(file, formats=[form]))


def blur(rgb: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of standard deviation ``sigma`` in pixels; OpenCV chooses a kernel that holds it."""
    return cv2.GaussianBlur(rgb, (0, 0), sigma) if sigma else rgb.copy()


def noise(rgb: np.ndarray, sigma: float, seed: int) -> np.ndarray:
    """Gaussian noise of standard deviation ``sigma`` in levels of 255, drawn for each pixel and channel; clipped."""
    drawn = np.random.default_rng(seed).standard_normal(rgb.shape, np.float32)
    return np.rint(rgb + np.float32(sigma) * drawn).clip(0, 255).astype(np.uint8)


def resize(rgb: np.ndarray, share: float) -> np.ndarray:
    """Down to ``share`` of each side by area, and up again by bicubic interpolation."""
    height, width = rgb.shape[:2]
    small = (max(1, round(share * width)), max(1, round(share * height)))
    if small == (width, height):
        return rgb.copy()
    return cv2.resize(
        cv2.resize(rgb, small, interpolation=cv2.INTER_AREA), (width, height), None, 0, 0, cv2.INTER_CUBIC
    )


def brightness(rgb: np.ndarray, factor: float) -> np.ndarray:
    """Every value times ``factor``, clipped."""
    return np.array(ImageEnhance.Brightness(Image.fromarray(rgb)).enhance(factor))


def contrast(rgb: np.ndarray, factor: float) -> np.ndarray:
    """Every value's distance from the mean grey of the picture times ``factor``, clipped."""
    return np.array(ImageEnhance.Contrast(Image.fromarray(rgb)).enhance(factor))


def shrink(rgb: np.ndarray, shorter: int) -> np.ndarray:
    """Down to ``shorter`` pixels on the shorter side, by area; a picture that is smaller stays as it is."""
    width, height = shrunk((rgb.shape[1], rgb.shape[0]), shorter)
    return rgb if (height, width) == rgb.shape[:2] else cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)


def shrunk(size: tuple[int, int], shorter: int) -> tuple[int, int]:
    """Width and height after :func:`shrink`.

    Example:
        >>> shrunk((1920, 1080), 360), shrunk((1080, 1920), 360), shrunk((320, 240), 360)
        ((640, 360), (360, 640), (320, 240))
    """
    share = min(1.0, shorter / min(size))
    return round(size[0] * share), round(size[1] * share)


_SEEDLESS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "jpeg": jpeg,
    "webp": webp,
    "blur": blur,
    "resize": resize,
    "brightness": brightness,
    "contrast": contrast,
}
