"""A corruption as a value: what is done and how hard."""

from __future__ import annotations

import difflib
import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of corruption and what its levels mean.

    Attributes:
        name: What stands before the colon.
        about: What is done, in words.
        unit: Of the level.
        low: Least level, inclusive.
        high: Greatest level, inclusive.
        neutral: The level that changes nothing, where there is one.
        whole: Whether levels are whole numbers.
        of: A ``picture`` can be corrupted as frame or as crop; a ``video`` only as a whole, before its frames are read.
    """

    name: str
    about: str
    unit: str
    low: float
    high: float
    neutral: float | None = None
    whole: bool = False
    of: Literal["picture", "video"] = "picture"


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("jpeg", "JPEG compression", "quality", 1, 100, whole=True),
        Kind("webp", "WebP compression", "quality", 1, 100, whole=True),
        Kind("blur", "Gaussian blur", "sigma in pixels", 0, 100, neutral=0),
        Kind("noise", "Gaussian noise", "sigma in levels of 255", 0, 255, neutral=0),
        Kind("resize", "scaling down and up again", "share of the side", 0.01, 1, neutral=1),
        Kind("brightness", "change of brightness", "factor", 0, 10, neutral=1),
        Kind("contrast", "change of contrast", "factor", 0, 10, neutral=1),
        Kind("h264", "H.264 encoding", "CRF", 0, 51, whole=True, of="video"),
        Kind("hevc", "HEVC encoding", "CRF", 0, 51, whole=True, of="video"),
        Kind("fps", "dropping of frames", "frames a second", 0.1, 1000, of="video"),
        Kind("height", "scaling down", "pixels of the shorter side", 16, 8192, whole=True, of="video"),
    )
}
"""Every kind by name."""


@dataclass(frozen=True, slots=True)
class Corruption:
    """What is done to a picture or a video, and how hard.

    Attributes:
        kind: A name of :data:`KINDS`.
        level: In the kind's own unit.

    Raises:
        FacefakeError: ``corruption_invalid`` for a kind or a level that does not exist.

    Example:
        >>> str(Corruption("blur", 1.5)), Corruption.parse("h264:40").of
        ('blur:1.5', 'video')
    """

    kind: str
    level: float

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            near = difflib.get_close_matches(self.kind, KINDS, n=1)
            raise FacefakeError(
                "corruption_invalid",
                f"no corruption is called {self.kind!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
                f"Known: {', '.join(KINDS)}.",
            )
        kind = KINDS[self.kind]
        if not kind.low <= self.level <= kind.high or (kind.whole and self.level != int(self.level)):
            number = "a whole number" if kind.whole else "a number"
            raise FacefakeError(
                "corruption_invalid",
                f"{self.kind} has no level {self.level:g}",
                f"Its level is the {kind.unit}: {number} from {kind.low:g} to {kind.high:g}.",
            )

    @classmethod
    def parse(cls, text: str) -> Corruption:
        """Read ``kind:level``, e.g. ``jpeg:30``.

        Raises:
            FacefakeError: ``corruption_invalid``, naming the known kinds or levels.
        """
        kind, _, number = text.strip().partition(":")
        try:
            level = float(number)
        except ValueError:
            level = math.nan  # refused by the kind in its own words, or the kind itself is unknown
        return cls(kind, level)

    def __str__(self) -> str:
        return f"{self.kind}:{self.level:g}"

    @property
    def of(self) -> Literal["picture", "video"]:
        """Whether single pictures can be corrupted so, or only whole videos."""
        return KINDS[self.kind].of

    def at_crop(self, rgb: np.ndarray, seed: int) -> np.ndarray:
        """The corrupted picture, of the same size.

        Args:
            rgb: ``(h, w, 3)`` uint8 RGB; it is not written to.
            seed: Of the noise, see :func:`seed_of`.

        Raises:
            FacefakeError: ``corruption_invalid`` for a corruption of whole videos.
        """
        if self.of != "picture":
            raise FacefakeError(
                "corruption_invalid",
                f"{self.kind} is done to videos, not to single pictures or crops",
                f"Of pictures there are: {', '.join(name for name, kind in KINDS.items() if kind.of == 'picture')}.",
            )
        from preprocessing.corruptions.pictures import corrupt_picture

        return corrupt_picture(self.kind, self.level, rgb, seed)


def seed_of(key: str, frame: int, track: int = 0) -> int:
    """The seed of one picture's noise: another for every frame and person, the same in every run.

    Args:
        key: Of the clip (:attr:`preprocessing.clip.Clip.key`).
        frame: Index of the frame.
        track: The person, for crops.
    """
    name = f"{key}\0{frame}\0{track}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big")
