"""Every setting that changes the pixels of a crop, and the hash a face store is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from preprocessing.corruptions.corruption import Corruption
from preprocessing.errors import FacefakeError
from preprocessing.faces.align import CropGeometry
from preprocessing.faces.released import RELEASED
from preprocessing.video.sampling import Sampling

# raised whenever the code changes the pixels that a recipe yields, so that old and new crops never share a store; how
# faces are linked to tracks changes no crop, and a store keeps the tracks it was made with
VERSION = 1

NO_FACES = "none"
"""What stands for the face detector where none is asked: pictures are taken whole."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a clip becomes aligned crops, or the squares of whole pictures.

    Attributes:
        sampling: Which frames are looked at.
        geometry: How a face is cut out.
        face_detector: Name of the face detector; for crops as released, of the one their authors used; for whole
            pictures :data:`NO_FACES`.
        decoder: ``auto``, ``pyav`` or ``decord``.
        corruption: What is done to the frames before anybody looks for faces, to see how a detector holds.
        face_detector_file: Where the face detector lies if it does not come with facefake. It goes where the recipe
            goes, and is no part of it: the same file elsewhere is the same recipe.

    Raises:
        FacefakeError: ``crop_mismatch`` for a geometry that nothing can be cut by, unless the crops are as released,
            and for faces by a geometry of whole pictures or the reverse; ``usage`` for a corruption of the frames that
            released crops were cut from.

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
    face_detector_file: Path | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.whole != (self.face_detector == NO_FACES):
            raise FacefakeError(
                "crop_mismatch",
                f"{self.geometry.template} and the face detector {self.face_detector!r} do not go together: "
                "whole pictures are taken without one, faces are not.",
                "Give the crop template of the one or of the other.",
            )
        if not (self.released or self.whole or self.geometry.can_cut):
            raise _cannot_cut(self.geometry)
        if self.released and self.corruption:
            raise FacefakeError(
                "usage", "crops as released have no frames to corrupt.", "Corrupt the crops instead (at: crop)."
            )

    @classmethod
    def of_release(cls, crops: str, sampling: Sampling) -> Recipe:
        """The recipe of crops as released, which are read and not cut.

        Args:
            crops: One of :data:`preprocessing.faces.RELEASED`.
            sampling: Which of a clip's crops.

        Raises:
            FacefakeError: ``usage`` for a sampling rule that asks for times or keyframes, which crops have not.

        Example:
            >>> Recipe.of_release("wilddeepfake", Sampling("uniform", 8)).released
            True
        """
        if sampling.target is None:
            raise FacefakeError(
                "usage",
                f"crops as released carry no time and no keyframes, so {sampling} cannot choose among them.",
                "Use uniform:N or spread:N.",
            )
        release = RELEASED[crops]
        return cls(sampling, release.geometry, release.face_detector, "pillow")

    @classmethod
    def of_pictures(cls, geometry: CropGeometry, sampling: Sampling, corruption: Corruption | None = None) -> Recipe:
        """The recipe of pictures, or frames of videos, that are taken whole.

        Args:
            geometry: One of :data:`preprocessing.faces.WHOLE`.
            sampling: Which frames of a video.
            corruption: What is done to the picture before.

        Raises:
            FacefakeError: ``crop_mismatch`` for a geometry of faces.

        Example:
            >>> Recipe.of_pictures(CropGeometry("squash", 1, 224), Sampling("uniform", 8)).whole
            True
        """
        return cls(sampling, geometry, NO_FACES, corruption=corruption)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """The inverse of :meth:`to_dict`, for a face store's own ``recipe``.

        Raises:
            FacefakeError: ``store_recipe_mismatch`` for a recipe of another version.

        Example:
            >>> recipe = Recipe.of_release("frames", Sampling("uniform", 8))
            >>> Recipe.from_dict(recipe.to_dict()) == recipe
            True
        """
        if values.get("version") != VERSION:
            raise FacefakeError(
                "store_recipe_mismatch",
                f"the face store was made by version {values.get('version')} of the recipe, this is {VERSION}.",
                "Extract the faces again.",
            )
        return cls(
            Sampling.parse(values["sampling"]),
            CropGeometry.from_dict(values["geometry"]),
            values["face_detector"],
            values["decoder"],
            Corruption.parse(values["corruption"]) if "corruption" in values else None,
        )

    @property
    def whole(self) -> bool:
        """Whether pictures are taken whole, so that nobody looks for faces."""
        return self.geometry.whole

    @property
    def released(self) -> bool:
        """Whether crops come as their release cut them, so that nothing is looked for or cut here."""
        return self.face_detector in {release.face_detector for release in RELEASED.values()}

    def check_video(self) -> None:
        """Refuse to work on videos and pictures by a recipe of crops as released.

        Raises:
            FacefakeError: ``crop_mismatch``.
        """
        if self.released:
            raise _cannot_cut(self.geometry)

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

    def with_face_detector(self, name: str, file: Path | None) -> Recipe:
        """The same crop of faces found by another face detector.

        Args:
            name: From :func:`preprocessing.faces.find_face_detector`, like ``file``.
            file: Where it lies, if it does not come with facefake.

        Raises:
            FacefakeError: ``usage`` for whole pictures and for crops as released, where nobody looks for faces.

        Example:
            >>> Recipe().with_face_detector("yunet-8f2383e4dd3c", Path("yunet.onnx")).face_detector
            'yunet-8f2383e4dd3c'
        """
        if self.whole or self.released:
            raise FacefakeError(
                "usage",
                f"{self.geometry.template}: no faces are looked for here.",
                "Leave out --face-detector.",
            )
        return replace(self, face_detector=name, face_detector_file=file)

    @property
    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 of :meth:`to_dict`."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]


def _cannot_cut(geometry: CropGeometry) -> FacefakeError:
    """The error for a video or picture that should be cut like crops only a release holds."""
    return FacefakeError(
        "crop_mismatch",
        f"faces cannot be cut out like the crops of {geometry.template}: how these were made is not published.",
        "Score crops of that release, or use a detector that was trained on faces cut by facefake.",
    )
