"""Augmentations of the published recipes, on the crop as stored, before the backbone's resize."""

from __future__ import annotations

import torch
from PIL import Image
from torchvision.transforms import v2  # type: ignore[import-untyped]

from facefake.training.config import AugmentConfig


class Augmentation:
    """Flip, affine, blur, colour jitter, JPEG, in the published order (GenD, arXiv:2508.06248).

    The same seed always gives the same picture, and torch's global generator is left as it was. The affine step samples
    the nearest pixel and fills with black, as published.

    Args:
        config: Probabilities and ranges.

    Example:
        >>> augment = Augmentation(AugmentConfig())
        >>> augment(Image.new("RGB", (64, 64)), 1).size
        (64, 64)
    """

    def __init__(self, config: AugmentConfig) -> None:
        steps: list[torch.nn.Module] = [
            v2.RandomHorizontalFlip(config.flip),
            v2.RandomAffine(config.degrees, translate=(config.translate, config.translate), scale=config.scale),
            v2.RandomApply([v2.GaussianBlur(list(config.blur_kernel), list(config.blur_sigma))], config.blur),
            v2.ColorJitter(brightness=config.brightness, contrast=config.contrast),
        ]
        if config.jpeg is not None:
            steps.append(v2.JPEG(list(config.jpeg)))
        self._chain = v2.Compose(steps)

    def __call__(self, crop: Image.Image, seed: int) -> Image.Image:
        """A crop of any size, augmented; the size stays."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)  # torch.manual_seed would walk every device
            augmented: Image.Image = self._chain(crop)
        return augmented
