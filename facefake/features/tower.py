"""A frozen visual tower that encodes pictures, and what identifies its features."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facefake.features.identity import Identity
from facefake.models.backbone import Backbone
from facefake.models.precision import autocast
from facefake.models.tuning import FROZEN
from preprocessing.faces import CropGeometry

if TYPE_CHECKING:
    from facefake.models.detector import Detector


class Tower:
    """A backbone on a device, in one precision.

    Args:
        backbone: Where it is and with weights in the precision it runs in (:func:`facefake.models.precision`).
        weights: Digest of the weights it encodes with.
        device: Where it runs.
        precision: Of the matrix products.

    Attributes:
        device: As given.
        preprocess: The backbone's.
        batch_size: Pictures at a time, which is what a killed process can lose. Many on a GPU, lest writing them takes
            longer than they do.
    """

    def __init__(
        self, backbone: Backbone, weights: str, device: torch.device, precision: Literal["fp32", "bf16", "fp16"]
    ) -> None:
        self._backbone, self._weights, self.device, self._precision = backbone, weights, device, precision
        self.preprocess = backbone.preprocess
        self.batch_size = 32 if device.type == "cpu" else 256

    @classmethod
    def of(cls, detector: Detector) -> Tower:
        """The tower of a detector. Detectors on the same base that left it frozen have the same features."""
        base = detector.card.backbone.sha256
        tuned = hashlib.sha256(f"{base} {detector.facts()['sha256']}".encode()).hexdigest()
        weights = base if detector.card.strategy in FROZEN else tuned
        return cls(detector.backbone, weights, detector.device, detector.precision)

    def identity(self, geometry: CropGeometry) -> Identity:
        """What identifies its features of pictures as they are."""
        backbone = self._backbone
        return Identity(
            backbone=backbone.spec.name,
            weights=self._weights,
            feature=backbone.spec.feature,
            dim=backbone.dim,
            image_size=backbone.image_size,
            mean=backbone.mean,
            std=backbone.std,
            precision=self._precision,
            interpolation=backbone.interpolation,
            geometry=geometry,
        )

    def encode(self, pictures: Tensor) -> NDArray[np.float32]:
        """Features (n, dim) of pictures (n, 3, size, size) uint8."""
        on_device = pictures.to(self.device, non_blocking=True)
        with torch.inference_mode(), autocast(self.device, self._precision):
            features = self._backbone(self.preprocess.normalise(on_device))
        kept: NDArray[np.float32] = features.float().cpu().numpy()
        return kept
