"""Aligned crops: a similarity transform that brings five landmarks onto a template, warped once from the full frame.

A forgery detector's scores hold only for faces cut as it saw them in training, so the geometry is named, stored with
the crops and with the detector, and compared.

Templates (published):

* ``gend``: ``align_face`` of yermandy/GenD, ``detector.py``; fitted by least median of squares (OpenCV).
* ``arcface``: the 112-pixel template of ArcFace (Deng et al., CVPR 2019) as DeepfakeBench uses it
  (``preprocessing/preprocess.py``, ``img_align_crop``); fitted by least squares. DeepfakeBench's crops are
  ``CropGeometry("arcface", 1.3, 256)``.

Both add the same margin: with p in the unit square and scale s, a landmark comes to (p + (s - 1) / 2) / s of the side.

Some releases hold faces cut out in a way they do not tell. Their geometries (:data:`AS_RELEASED`) have a name, so that
a detector can refuse other crops than it knows, but nothing can be cut like that.

A picture that is judged whole is no face, but it too reaches the backbone as squares of one size, and a detector's
scores hold only for squares made as in its training. So the ways to make them (:data:`WHOLE`) are geometries like the
others; :mod:`preprocessing.views` makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from preprocessing.errors import FacefakeError

_MAX_SIDE = 16384  # warpAffine cannot address more than 32767 pixels, and no real face is near this


@dataclass(frozen=True, slots=True, eq=False)
class _Template:
    points: np.ndarray  # (5, 2) in the unit square
    fit: Callable[[np.ndarray, np.ndarray], np.ndarray]


def _least_squares(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The similarity with the least squared error: Umeyama, IEEE TPAMI 13(4), 1991, equations 40 to 42."""
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred = source - source_mean
    u, singular, vt = np.linalg.svd((target - target_mean).T @ centred / len(source))
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    linear = (u * sign) @ vt * (singular @ sign) / centred.var(axis=0).sum()
    return np.column_stack([linear, target_mean - linear @ source_mean])


def _least_median(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """OpenCV's LMEDS, which leaves out landmarks that do not fit; least squares where it finds no answer.

    It draws its samples from a generator of its own with a fixed seed, so equal landmarks give equal matrices.
    """
    found, _ = cv2.estimateAffinePartial2D(source.astype(np.float32), target.astype(np.float32), method=cv2.LMEDS)
    if found is None or not np.isfinite(found).all() or abs(np.linalg.det(found[:, :2])) < 1e-12:
        return _least_squares(source, target)
    return np.asarray(found, np.float64)


_TEMPLATES = {
    "gend": _Template(
        np.array([[0.34, 0.46], [0.66, 0.46], [0.5, 0.64], [0.37, 0.82], [0.63, 0.82]]),
        _least_median,
    ),
    "arcface": _Template(
        np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
        / 112,
        _least_squares,
    ),
}


AS_RELEASED = ("wilddeepfake", "frames")
"""Geometries known by name only."""

WHOLE = ("resize-crop", "crop", "squash", "squash-aliased", "five-crop")
"""Geometries of whole pictures: how one becomes the square, or the five, that a backbone sees.

* ``resize-crop``: the shorter side to ``scale`` times ``size`` (bicubic, antialiased), then the centre. Scale 1 is what
  CLIP does, 256/224 what UniversalFakeDetect trains on.
* ``crop``: the centre as it is; black where the picture is smaller than ``size``.
* ``squash``: the whole picture to the square (bicubic, antialiased), whatever its shape.
* ``squash-aliased``: the same by OpenCV's bicubic, which skips pixels: as DeepfakeBench loads pictures
  (``training/dataset/abstract_dataset.py``). What it makes of fine detail is nothing like ``squash``.
* ``five-crop``: the four corners and the centre as they are, of a picture made large enough with black.
"""


@dataclass(frozen=True, slots=True)
class CropGeometry:
    """How a face is cut out, or a whole picture brought to a square.

    Attributes:
        template: ``gend`` or ``arcface``, one of :data:`AS_RELEASED`, or one of :data:`WHOLE`.
        scale: Side of the crop over side of the template's own square; 1.3 leaves 15 % of margin all round. Of whole
            pictures only ``resize-crop`` has another than 1.
        size: Side of the crop in pixels; ``None`` keeps the face's own size in the frame, which whole pictures cannot.

    Raises:
        FacefakeError: ``usage`` for an unknown template or a scale or size out of range.

    Example:
        >>> CropGeometry("arcface", size=256).to_dict()
        {'template': 'arcface', 'scale': 1.3, 'size': 256}
        >>> CropGeometry.from_dict({"template": "gend"}) == CropGeometry()
        True
        >>> CropGeometry("resize-crop", 1, 224).whole
        True
    """

    template: str = "gend"
    scale: float = 1.3
    size: int | None = None

    def __post_init__(self) -> None:
        if self.template not in (*_TEMPLATES, *AS_RELEASED, *WHOLE):
            raise FacefakeError(
                "usage",
                f"there is no crop template {self.template!r}",
                f"Use one of {', '.join(_TEMPLATES)}; for whole pictures {', '.join(WHOLE)}.",
            )
        if not 1 <= self.scale <= 4:
            raise FacefakeError("usage", f"crop scale {self.scale} is not within 1 to 4", "The published one is 1.3.")
        if self.size is not None and not 16 <= self.size <= 4096:
            raise FacefakeError(
                "usage", f"crop size {self.size} is not within 16 to 4096 pixels", "Leave it out for native size."
            )
        if self.whole and self.size is None:
            raise FacefakeError(
                "usage", f"{self.template} of a whole picture needs a size", "Give that of the backbone, 224 say."
            )
        if self.whole and self.template != "resize-crop" and self.scale != 1:
            raise FacefakeError(
                "usage", f"{self.template} of a whole picture has no scale, here {self.scale}", "Use 1, or resize-crop."
            )

    @property
    def can_cut(self) -> bool:
        """Whether a face can be cut out of a frame like this; not so for crops that only a release holds."""
        return self.template in _TEMPLATES

    @property
    def whole(self) -> bool:
        """Whether it is of whole pictures and not of the faces in them."""
        return self.template in WHOLE

    @property
    def points(self) -> np.ndarray:
        """``(5, 2)`` float64: where the landmarks come to, as parts of the crop's side."""
        return (_TEMPLATES[self.template].points + (self.scale - 1) / 2) / self.scale

    def to_dict(self) -> dict[str, Any]:
        """The geometry as plain JSON values, as a face store and a detector keep it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CropGeometry:
        """The inverse of :meth:`to_dict`; absent keys take their default.

        Raises:
            FacefakeError: ``usage`` for a key that does not exist or a value out of range.
        """
        unknown = sorted(set(values) - set(cls.__dataclass_fields__))
        if unknown:
            raise FacefakeError(
                "usage",
                f"crop geometry has no {', '.join(map(repr, unknown))}",
                f"It has {', '.join(cls.__dataclass_fields__)}.",
            )
        return cls(**values)


def matrix(landmarks: np.ndarray, geometry: CropGeometry) -> tuple[np.ndarray, int]:
    """The transform from frame to crop, and the crop's side.

    Args:
        landmarks: ``(5, 2)`` in pixels of the frame, in the order of :data:`preprocessing.faces.types.LANDMARKS`.
        geometry: How to cut.

    Returns:
        ``(2, 3)`` float64 similarity and the side in pixels. At native size the side is the mean, over the ten pairs
        of landmarks, of their distance over the template's, times the scale: a close-up in 4K makes a crop of thousands
        of pixels.

    Raises:
        ValueError: The landmarks are not five finite points apart from each other, or the face is smaller than 2 pixels
            or larger than 16384.

    Example:
        >>> geometry = CropGeometry("arcface", size=112)
        >>> transform, side = matrix(geometry.points * 224 + 10, geometry)
        >>> side, transform.round(3).tolist()
        (112, [[0.5, 0.0, -5.0], [0.0, 0.5, -5.0]])
    """
    points = np.asarray(landmarks, np.float64)
    if points.shape != (5, 2) or not np.isfinite(points).all():
        raise ValueError(f"a face needs five finite landmarks, not {points.tolist()}")
    template = _TEMPLATES[geometry.template]
    native = np.mean(_pair_distances(points) / _pair_distances(template.points)) * geometry.scale
    if not 2 <= native <= _MAX_SIDE or _pair_distances(points).min() < 1e-3:
        raise ValueError(f"these landmarks are no face: {points.tolist()}")
    side = geometry.size or int(np.round(native))
    return template.fit(points, geometry.points * side), side


def align(frame: np.ndarray, landmarks: np.ndarray, geometry: CropGeometry) -> np.ndarray:
    """The aligned crop, bilinear, from the full frame; black where it reaches beyond the frame, as published.

    Args:
        frame: ``(h, w, 3)`` uint8.
        landmarks: ``(5, 2)`` in pixels of the frame.
        geometry: How to cut.

    Returns:
        ``(side, side, 3)`` uint8.

    Raises:
        ValueError: As :func:`matrix`.
    """
    transform, side = matrix(landmarks, geometry)
    return cv2.warpAffine(frame, transform, (side, side), flags=cv2.INTER_LINEAR)


def _pair_distances(points: np.ndarray) -> np.ndarray:
    first, second = np.triu_indices(len(points), k=1)
    return np.linalg.norm(points[first] - points[second], axis=1)
