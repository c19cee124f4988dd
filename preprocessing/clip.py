"""The unit of work: one video file or still image with what its data set says of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REAL, FAKE = 0, 1


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of a data set.

    Attributes:
        path: The file.
        key: Path relative to the data root, with ``/``: the clip's identity in stores, scores and reports.
        dataset: Name of the reader that found it.
        method: Forgery method or source of the real footage, e.g. ``Deepfakes`` or ``youtube``.
        label: Real 0, fake 1, ``None`` if unknown.
        split: ``train``, ``val``, ``test`` or ``None``.
        pair: Clips that show the same footage or identities share it, and never cross a split.
        mask: The manipulation mask video, where the release has one.
        name: The clip's folder in a face store, unique within ``dataset/method``.
    """

    path: Path
    key: str
    dataset: str
    method: str
    label: int | None
    split: str | None
    pair: str | None
    name: str
    mask: Path | None = None
