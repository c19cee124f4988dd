"""From a face crop to what a backbone sees, as CLIP's own image processor does it, or DINOv3's."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from facefake.models.card import BackboneCard
from facefake.models.spec import Interpolation

_FILTERS: Final = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


class Preprocess:
    """Resize of the short side, centre-crop, scale to 0..1, normalise: the transform of OpenAI's CLIP, if bicubic.

    The resize runs on the CPU in uint8 (PIL, antialiased); normalisation can run on the device, so that a quarter of
    the bytes travel.

    Args:
        size: Side of the square picture, in pixels.
        mean: Per-channel mean (RGB) on the 0..1 scale.
        std: Per-channel standard deviation.
        interpolation: Of the resize.

    Example:
        >>> preprocess = Preprocess(4, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        >>> preprocess(np.full((8, 8, 3), 255, np.uint8)).mean()
        tensor(1.)
    """

    def __init__(
        self,
        size: int,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        interpolation: Interpolation = "bicubic",
    ) -> None:
        self.size = size
        self._filter = _FILTERS[interpolation]
        self._mean = torch.tensor(mean, dtype=torch.float32).view(3, 1, 1)
        self._std = torch.tensor(std, dtype=torch.float32).view(3, 1, 1)

    @classmethod
    def of(cls, backbone: BackboneCard) -> Preprocess:
        """As a detector's card has it."""
        return cls(backbone.image_size, backbone.mean, backbone.std, backbone.interpolation)

    def __call__(self, crop: NDArray[np.uint8]) -> Tensor:
        """A crop (h, w, 3) uint8 RGB to a normalised float32 picture (3, size, size)."""
        return self.normalise(self.resize(crop))

    def resize(self, crop: NDArray[np.uint8] | Image.Image) -> Tensor:
        """A crop, (h, w, 3) uint8 RGB or a PIL picture, to a uint8 picture (3, size, size)."""
        image = crop if isinstance(crop, Image.Image) else Image.fromarray(crop, "RGB")
        width, height = image.size
        short = min(width, height)
        if short != self.size:
            # the long side is cut down, not rounded, to whole pixels: as torchvision's and CLIP's own resize do
            target = (self.size * width // short, self.size * height // short)
            image = image.resize(target, self._filter)
        left = round((image.width - self.size) / 2)
        top = round((image.height - self.size) / 2)
        image = image.crop((left, top, left + self.size, top + self.size))
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).contiguous()

    def normalise(self, pictures: Tensor) -> Tensor:
        """uint8 pictures (..., 3, size, size), on any device, to normalised float32 ones on the same device."""
        mean, std = self._mean.to(pictures.device), self._std.to(pictures.device)
        return (pictures.float() / 255 - mean) / std
