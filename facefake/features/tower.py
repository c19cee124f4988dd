"""A frozen visual tower that encodes pictures, and what identifies its features."""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facefake.features.identity import Identity
from facefake.models.backbone import Backbone
from facefake.models.card import BackboneCard
from facefake.models.detector import Detector, describe_backbone
from facefake.models.preprocess import Preprocess
from facefake.models.runner import Encoder, TorchEncoder
from preprocessing.faces import CropGeometry


class Tower:
    """A backbone on a device, in one precision.

    Args:
        encoder: What computes the features.
        backbone: What the card of a detector says of it.
        weights: Digest of the weights it encodes with; ``None``: those of the base.

    Attributes:
        device: Where it runs.
        preprocess: The backbone's.
        batch_size: Pictures at a time, which is what a killed process can lose. Many on a GPU, lest writing them takes
            longer than they do.
    """

    def __init__(self, encoder: Encoder, backbone: BackboneCard, weights: str | None = None) -> None:
        self._encoder, self._backbone, self._weights = encoder, backbone, weights or backbone.sha256
        self.device = encoder.device
        self.preprocess = Preprocess.of(backbone)
        self.batch_size = 32 if self.device.type == "cpu" else 256

    @classmethod
    def of_base(
        cls, backbone: Backbone, device: torch.device, precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    ) -> Tower:
        """The tower of a backbone nobody tuned, where it is and with weights in the precision it runs in."""
        return cls(TorchEncoder(backbone, device, precision), describe_backbone(backbone))

    @classmethod
    def of(cls, detector: Detector) -> Tower:
        """The tower of a detector. Detectors on the same base that left it frozen have the same features."""
        base = detector.card.backbone
        tuned = hashlib.sha256(f"{base.sha256} {detector.facts()['sha256']}".encode()).hexdigest()
        return cls(detector.runner, base, None if detector.frozen else tuned)

    def identity(self, geometry: CropGeometry) -> Identity:
        """What identifies its features of pictures as they are."""
        backbone = self._backbone
        return Identity(
            backbone=backbone.name,
            weights=self._weights,
            feature=backbone.feature,
            dim=self._encoder.dim,
            image_size=backbone.image_size,
            mean=backbone.mean,
            std=backbone.std,
            precision=self._encoder.precision,
            interpolation=backbone.interpolation,
            geometry=geometry,
        )

    def encode(self, pictures: Tensor) -> NDArray[np.float32]:
        """Features (n, dim) of pictures (n, 3, size, size) uint8."""
        return self._encoder.features(pictures)
