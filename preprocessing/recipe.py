"""Every setting that changes the pixels of a crop, and the hash a face store is known by."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any

from preprocessing.corruptions.corruption import Corruption
from preprocessing.faces.align import CropGeometry
from preprocessing.video.sampling import Sampling

# raised whenever the code changes what a recipe yields, so that old and new crops never share a store
VERSION = 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a clip becomes aligned crops.

    Attributes:
        sampling: Which frames are looked at.
        geometry: How a face is cut out.
        face_detector: Name of the face detector.
        decoder: ``auto``, ``pyav`` or ``decord``.
        corruption: What is done to the frames before anybody looks for faces, to see how a detector holds.

    Example:
        >>> Recipe().hash == Recipe().hash
        True
        >>> Recipe(decoder="pyav").hash == Recipe().hash
        False
    """

    sampling: Sampling = field(default_factory=lambda: Sampling("spread", 32))
    geometry: CropGeometry = field(default_factory=CropGeometry)
    face_detector: str = "mtcnn"
    decoder: str = "auto"
    corruption: Corruption | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, in a fixed order; what is hashed and what a store keeps as ``recipe.json``."""
        values = {
            "version": VERSION,
            "sampling": str(self.sampling),
            "geometry": self.geometry.to_dict(),
            "face_detector": self.face_detector,
            "decoder": self.decoder,
        }
        # left out where there is none, so that stores made before there were corruptions keep their hash
        return values | ({"corruption": str(self.corruption)} if self.corruption else {})

    def with_frames(self, sampling: Sampling, decoder: str) -> Recipe:
        """The same crop from other frames, or decoded otherwise."""
        return replace(self, sampling=sampling, decoder=decoder)

    @property
    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 of :meth:`to_dict`."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]
