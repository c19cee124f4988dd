"""What a feature depends on besides the picture itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from facefake.models.spec import Interpolation
from preprocessing import recipe
from preprocessing.faces import CropGeometry

# raised whenever the code changes what a feature is, so that old and new ones never share a folder
VERSION = 1


@dataclass(frozen=True, slots=True)
class View:
    """One of the augmented views of pictures.

    Attributes:
        augmentation: Digest of the augmentation's settings.
        number: Which view, from 0. Together with the picture's content it is the seed.
    """

    augmentation: str
    number: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Every setting that changes a feature. Features of two identities never share a folder.

    Attributes:
        backbone: Its name.
        weights: Digest of the visual tower as it encodes (:attr:`facefake.models.Backbone.sha256` of a frozen one).
        feature: ``pooled`` or ``joint``.
        dim: Width of a feature.
        image_size: Side of the backbone's pictures, pixels.
        mean: Per-channel mean of the normalisation, 0..1 scale.
        std: Per-channel standard deviation.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        geometry: How a picture becomes the backbone's squares, or how the crop was cut.
        interpolation: How pictures are resized to that side.
        corruption: What is done to the picture before, ``kind:level``.
        view: Which augmented view; ``None`` for pictures as they are.

    Example:
        >>> tiny = ("tiny-vit", "0" * 64, "pooled", 64, 32, (0.5,) * 3, (0.5,) * 3, "fp32")
        >>> plain = Identity(*tiny, CropGeometry("squash", 1, 32))
        >>> plain.digest == Identity(*tiny, CropGeometry("squash", 1, 32), corruption="jpeg:50").digest
        False
    """

    backbone: str
    weights: str
    feature: str
    dim: int
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    precision: str
    geometry: CropGeometry
    interpolation: Interpolation = "bicubic"
    corruption: str | None = None
    view: View | None = None

    @property
    def squares(self) -> int:
        """Features of one picture."""
        return 5 if self.geometry.template == "five-crop" else 1

    def to_dict(self) -> dict[str, Any]:
        """Plain values: what is hashed, and what a folder of features keeps as ``identity.json``."""
        values = {**asdict(self), "geometry": self.geometry.to_dict(), "version": [VERSION, recipe.VERSION]}
        return dict(json.loads(json.dumps(values)))

    @property
    def digest(self) -> str:
        """First 16 hex digits of the SHA-256 of :meth:`to_dict`."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]
