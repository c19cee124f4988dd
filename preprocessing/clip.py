"""The unit of work: one video file or still image with what its data set says of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REAL, FAKE = 0, 1


File = tuple[Path, str | None]
"""A file, or a member of one: see :attr:`Clip.file`."""


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
        pair: The source group: a clip and all that was made from its footage share it. Groups never cross a split, and
            are the unit of the bootstrap; ``None`` stands for a group of its own.
        name: The clip's folder in a face store, unique within ``dataset/method``.
        compression: The release's compression level (``raw``, ``c23``, ``c40``), where it has several.
        mask: The manipulation mask video, where the release has one.
        identities: The people in it, by names local to the data set: whose footage it is and whose face or voice drives
            it. Empty where the release does not say.
        member: For sets released as archives of crops, the clip's folder inside the archive ``path``; for pictures in a
            Parquet file, the number of the row, from 0.
        frames_listed: For sets released as crops with lists of them, how many frames the lists name; else ``None``.
        frames_absent: How many of these are not there.
    """

    path: Path
    key: str
    dataset: str
    method: str
    label: int | None
    split: str | None
    pair: str | None
    name: str
    compression: str | None = None
    mask: Path | None = None
    identities: tuple[str, ...] = ()
    member: str | None = None
    frames_listed: int | None = None
    frames_absent: int = 0

    @property
    def file(self) -> File:
        """Where it lies: ``path`` and ``member``."""
        return self.path, self.member

    def __post_init__(self) -> None:
        if self.label not in (REAL, FAKE, None):
            raise ValueError(f"label of {self.key} is {self.label!r}, not 0 (real), 1 (fake) or None")
