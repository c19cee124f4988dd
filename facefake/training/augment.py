"""Augmentations: what happens to a picture on its way to us, and what a backbone then sees of it."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import torch
from PIL import Image
from torchvision.transforms import v2  # type: ignore[import-untyped]

from facefake.training.config import AugmentConfig, OneOfConfig
from preprocessing.faces import CropGeometry
from preprocessing.views import views

Step = Callable[[Image.Image], Image.Image]

_LEAST_SIDE = 16  # of a whole picture, in pixels
_TRUNCATE = 4  # standard deviations a blur's kernel reaches, as scipy's and CNNDetection's does


class Augmentation:
    """Random changes of a picture, in this order: flip, affine, downscale, blur, colour, JPEG; then what is seen of it.

    The first, second, fourth, fifth and sixth are those of face crops in their published order (GenD,
    arXiv:2508.06248): the affine step samples the nearest pixel and fills with black, and all are done before the
    backbone's resize. Of a whole picture one part, or all of it, comes to the backbone's square, and may be changed
    once more there (``one_of``, as imgaug's of "CLIPping the Deception", arXiv:2402.12927). A step that can change
    nothing is left out.

    The same seed always gives the same picture, and torch's global generator is left as it was.

    Args:
        config: Probabilities and ranges.
        geometry: How a whole picture becomes the backbone's square; crops of faces keep their size.

    Attributes:
        changes: Whether it may show a picture otherwise than scoring does.

    Example:
        >>> augment = Augmentation(AugmentConfig())
        >>> augment(Image.new("RGB", (64, 64)), 1).size
        (64, 64)
        >>> Augmentation(AugmentConfig(), CropGeometry("resize-crop", 1, 32))(Image.new("RGB", (80, 64)), 1).size
        (32, 32)
    """

    def __init__(self, config: AugmentConfig, geometry: CropGeometry | None = None) -> None:
        steps = _on_the_way(config)
        whole = geometry is not None and geometry.whole
        self.changes = bool(steps or config.one_of.probability or (whole and config.crop != "none"))
        if geometry is not None and geometry.whole:
            steps.append(_sight(config, geometry))
        if config.one_of.probability:
            steps.append(_OneOf(config.one_of))
        self._steps = steps

    def __call__(self, picture: Image.Image, seed: int) -> Image.Image:
        """A picture of any size, augmented; crops of faces keep their size, whole pictures get the geometry's."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)  # torch.manual_seed would walk every device
            for step in self._steps:
                picture = step(picture)
        return picture


def seen(picture: Image.Image, geometry: CropGeometry) -> Image.Image:
    """What a backbone sees of a whole picture without augmentation: in scoring, and of ``five-crop`` the centre."""
    _, square = views(np.asarray(picture), geometry)[-1]
    return Image.fromarray(square)


def _on_the_way(config: AugmentConfig) -> list[Step]:
    moves = config.degrees or config.translate or config.scale != (1, 1)
    steps: list[tuple[object, Step]] = [
        (config.flip, v2.RandomHorizontalFlip(config.flip)),
        (moves, v2.RandomAffine(config.degrees, translate=(config.translate, config.translate), scale=config.scale)),
        (config.downscale, v2.RandomApply([_Downscale(config.downscale_factor)], config.downscale)),
        (config.blur, v2.RandomApply([_blur(config)], config.blur)),
        (config.brightness or config.contrast, v2.ColorJitter(brightness=config.brightness, contrast=config.contrast)),
    ]
    if config.jpeg is not None:
        compress = v2.JPEG(list(config.jpeg))
        always = config.jpeg_probability == 1
        steps.append(
            (config.jpeg_probability, compress if always else v2.RandomApply([compress], config.jpeg_probability))
        )
    return [step for on, step in steps if on]


def _sight(config: AugmentConfig, geometry: CropGeometry) -> Step:
    if config.crop == "none":
        return _Seen(geometry)
    if config.crop == "random":
        return _RandomCrop(geometry)
    return v2.RandomResizedCrop(geometry.size, scale=config.crop_area, interpolation=v2.InterpolationMode.BICUBIC)


def _blur(config: AugmentConfig) -> torch.nn.Module:
    if config.blur_kernel is None:
        return _FullBlur(config.blur_sigma)
    return v2.GaussianBlur(list(config.blur_kernel), list(config.blur_sigma))


def _uniform(low: float, high: float) -> float:
    return float(torch.empty(1, dtype=torch.float64).uniform_(low, high))


def _integer(low: int, high: int) -> int:
    """One of ``low`` to ``high``, both included."""
    return int(torch.randint(low, high + 1, ()))


class _Downscale(torch.nn.Module):
    """Smaller by a random factor, bicubic and antialiased; no side gets below what a whole picture must have."""

    def __init__(self, factors: tuple[float, float]) -> None:
        super().__init__()
        self._factors = factors

    def forward(self, picture: Image.Image) -> Image.Image:
        factor = max(_uniform(*self._factors), min(1, _LEAST_SIDE / min(picture.size)))
        width, height = (max(1, round(side * factor)) for side in picture.size)
        return picture.resize((width, height), Image.Resampling.BICUBIC)


class _FullBlur(torch.nn.Module):
    """A Gaussian blur whose kernel reaches four standard deviations, whatever these are; none at 0."""

    def __init__(self, sigmas: tuple[float, float]) -> None:
        super().__init__()
        self._sigmas = sigmas

    def forward(self, picture: Image.Image) -> Image.Image:
        sigma = _uniform(*self._sigmas)
        side = 2 * math.floor(_TRUNCATE * sigma + 0.5) + 1
        if side == 1:
            return picture
        return Image.fromarray(cv2.GaussianBlur(np.asarray(picture), (side, side), sigma))


class _Seen:
    """As in scoring."""

    def __init__(self, geometry: CropGeometry) -> None:
        self._geometry = geometry

    def __call__(self, picture: Image.Image) -> Image.Image:
        return seen(picture, self._geometry)


class _RandomCrop:
    """A square of the backbone's size from anywhere in the picture: resized before as the geometry says, or not."""

    def __init__(self, geometry: CropGeometry) -> None:
        assert geometry.size is not None  # whole pictures have one
        self._size = geometry.size
        self._short = round(geometry.size * geometry.scale) if geometry.template == "resize-crop" else None

    def __call__(self, picture: Image.Image) -> Image.Image:
        size, (width, height) = self._size, picture.size
        if self._short is None:
            # a side that is too short lies as in scoring
            left, top = (_integer(0, side - size) if side > size else -((size - side) // 2) for side in picture.size)
            return picture.crop((left, top, left + size, top + size))  # black beyond the picture
        short = min(width, height)
        # places are those of the resized picture; only what is cut out of it is computed
        across, down = self._short * width // short, self._short * height // short
        left, top = _integer(0, across - size), _integer(0, down - size)
        of_x, of_y = width / across, height / down
        box = (left * of_x, top * of_y, (left + size) * of_x, (top + size) * of_y)
        return picture.resize((size, size), Image.Resampling.BICUBIC, box=box)


class _OneOf:
    """One of four changes, bilinear and with black beyond the picture."""

    def __init__(self, config: OneOfConfig) -> None:
        self._config = config

    def __call__(self, picture: Image.Image) -> Image.Image:
        config = self._config
        if _uniform(0, 1) >= config.probability:
            return picture
        kind = _integer(0, 3)
        if kind == 0:
            return _affine(picture, scale=config.zoom)
        if kind == 1:
            return _affine(picture, angle=config.rotate)
        if kind == 2:
            move = _integer(-config.translate, config.translate)
            return _affine(picture, translate=[move, move])
        return _cut_out(picture, config.cutout)


def _affine(
    picture: Image.Image, angle: float = 0.0, translate: list[int] | None = None, scale: float = 1.0
) -> Image.Image:
    moved: Image.Image = v2.functional.affine(
        picture,
        angle,
        translate=translate or [0, 0],
        scale=scale,
        shear=[0.0, 0.0],
        interpolation=v2.InterpolationMode.BILINEAR,
    )
    return moved


def _cut_out(picture: Image.Image, share: float) -> Image.Image:
    """Two black squares, their centres anywhere in the picture."""
    pixels = np.array(picture)
    height, width = pixels.shape[:2]
    half = share * min(height, width) / 2
    for _ in range(2):
        x, y = _uniform(0, width), _uniform(0, height)
        pixels[max(0, round(y - half)) : round(y + half), max(0, round(x - half)) : round(x + half)] = 0
    return Image.fromarray(pixels)
