"""What scoring answers: one result a clip, and the JSON document of schema 1 that holds them.

A result is the dictionary

``path sha256 kind via status verdict probability score reason frames video people error``

in that order, with these conventions:

* ``via`` is the path that gave the answer: ``face`` for aligned faces, ``image`` for the whole picture or whole frames.
  By the image path there is one entry in ``people``, which stands for the whole picture; its ``box`` is the region that
  was looked at, and its ``landmarks`` and ``confidence`` are null.
* Where both paths were asked, a result has a further key ``other``: the answer of the path that did not speak, with
  ``via status verdict probability score reason``; its ``reason`` is the error's code where that path failed.
* ``score`` and ``probability`` of a clip are null unless its ``status`` is ``scored``, so nobody sorts by a number that
  means nothing. People keep the score of their frames as evidence; a person who does not count towards the verdict
  has a null ``probability`` and, only then, a further key ``reason``.
* ``score`` is the detector's own, ``probability`` what its calibration (``settings.calibration``) makes of it; without
  one, both are the same. The verdict compares ``probability`` with ``settings.threshold``.
* ``verdict`` is ``inconclusive`` for errors too: a file that cannot be read says nothing. ``status`` tells them apart.
* ``reason`` is a code of :data:`facefake.scoring.verdict.REASONS`; ``error`` has ``code``, ``message`` and ``hint``.
* ``box`` is x1, y1, x2, y2 and ``landmarks`` five [x, y], pixels of the upright frame; ``time`` is in seconds.
  Where the frame size changes, each frame has pixels of its own; ``video`` has the size of the first frame.
* ``video.notes`` lists, in sentences, what is unusual about the file and what was done to its frames: a changing frame
  size, HDR that was tone-mapped, interlaced frames that were deinterlaced, pixels that were made square.
  ``time``, ``landmarks`` and ``confidence`` are null for faces that a data set released cut out.
* A labelled clip has seven further keys: ``clip`` (path relative to the data root, its identity), ``dataset``,
  ``method``, ``split``, ``label`` (real 0, fake 1), ``pair`` (its source group) and ``compression``.
* Where files of the folders that were searched are left out, ``left_out`` stands before ``results``: their paths by the
  reason, a key of :data:`preprocessing.datasets.media.WHY`. A folder stands for all that is in it.
* Numbers are rounded to six digits (pixels to two) and are never NaN. Text is always valid Unicode: bytes of a file
  name that are not UTF-8 stand as ``\\xff`` (:func:`preprocessing.text.name_text`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from facefake._version import __version__
from facefake.scoring.verdict import FrameCounts, Status, Verdict
from preprocessing.text import name_of_text, name_text, valid_text

SCHEMA = 1

Kind = Literal["video", "image"]
Via = Literal["face", "image"]


@dataclass(frozen=True, slots=True)
class FrameScore:
    """One face of a person: the frame's ``index``, ``time`` in seconds, ``score`` 0..1, and where the face is.

    Of faces that were released cut out, ``time``, ``landmarks`` and ``confidence`` are not known.
    """

    index: int
    time: float | None
    score: float
    box: tuple[float, ...]
    landmarks: tuple[tuple[float, float], ...] | None
    confidence: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, rounded."""
        return {
            "index": self.index,
            "time": _round(self.time),
            "score": round(self.score, 6),
            "box": [round(value, 2) for value in self.box],
            "landmarks": None if self.landmarks is None else [[round(x, 2), round(y, 2)] for x, y in self.landmarks],
            "confidence": _round(self.confidence),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FrameScore:
        """The inverse of :meth:`to_dict`."""
        points = None if data["landmarks"] is None else tuple((x, y) for x, y in data["landmarks"])
        return cls(data["index"], data["time"], data["score"], tuple(data["box"]), points, data["confidence"])


@dataclass(frozen=True, slots=True)
class PersonResult:
    """One person of a clip. ``reason`` says why they do not count; their ``probability`` is then ``None``."""

    track: int
    probability: float | None
    score: float
    frames: tuple[FrameScore, ...]
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, rounded."""
        data = {
            "track": self.track,
            "probability": _round(self.probability),
            "score": _round(self.score),
            "frames": [frame.to_dict() for frame in self.frames],
        }
        return data | ({"reason": self.reason} if self.reason else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PersonResult:
        """The inverse of :meth:`to_dict`."""
        frames = tuple(FrameScore.from_dict(frame) for frame in data["frames"])
        return cls(data["track"], data["probability"], data["score"], frames, data.get("reason"))


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What the container says, of the upright first frame; ``fps`` and ``duration`` (seconds) where it says so.

    ``clock_restarts`` is how often its time stamps go back or stand still, see
    :class:`preprocessing.video.VideoInfo`. ``notes`` are sentences on what is unusual about the file or was done to its
    frames, such as tone mapping.
    """

    codec: str
    width: int
    height: int
    fps: float | None
    duration: float | None
    rotation: int
    clock_restarts: int = 0
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, rounded."""
        rounded = {"fps": _round(self.fps), "duration": _round(self.duration), "notes": list(self.notes)}
        return asdict(self) | rounded

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> VideoFacts:
        """The inverse of :meth:`to_dict`, which takes further facts and a file from before there were notes."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        return cls(**known | {"notes": tuple(data.get("notes", ()))})


@dataclass(frozen=True, slots=True)
class Truth:
    """What the data set says of a clip: its identity (path relative to the data root), origin and label."""

    clip: str
    dataset: str
    method: str
    split: str | None
    label: int
    pair: str | None = None
    compression: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"clip": valid_text(self.clip), "pair": valid_text(self.pair) if self.pair else None}


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """A failure: a code of :data:`preprocessing.errors.CODES`, plain words and what to do."""

    code: str
    message: str
    hint: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"code": self.code, "message": valid_text(self.message), "hint": valid_text(self.hint)}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the path that did not speak made of the clip."""

    via: Via
    status: Status
    verdict: Verdict
    probability: float | None
    score: float | None
    reason: str | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, rounded."""
        return asdict(self) | {"probability": _round(self.probability), "score": _round(self.score)}


@dataclass(frozen=True, slots=True)
class ClipResult:
    """The answer for one clip; see the module for each field.

    Example:
        >>> error = ErrorFacts("empty_file", "a.mp4 has zero bytes", "Download or copy it again.")
        >>> result = ClipResult(path="a.mp4", sha256=None, kind="video", status="error", error=error)
        >>> result.to_dict()["verdict"], ClipResult.from_dict(result.to_dict()) == result
        ('inconclusive', True)
    """

    path: str
    sha256: str | None
    kind: Kind
    status: Status
    verdict: Verdict = "inconclusive"
    probability: float | None = None
    score: float | None = None
    reason: str | None = None
    frames: FrameCounts = field(default_factory=FrameCounts)
    video: VideoFacts | None = None
    people: tuple[PersonResult, ...] = ()
    error: ErrorFacts | None = None
    truth: Truth | None = None
    via: Via = "face"
    other: Opinion | None = None

    def to_dict(self) -> dict[str, Any]:
        """The result as it stands in the JSON document, keys in the schema's order."""
        data = {
            "path": name_text(self.path),
            "sha256": self.sha256,
            "kind": self.kind,
            "via": self.via,
            "status": self.status,
            "verdict": self.verdict,
            "probability": _round(self.probability),
            "score": _round(self.score),
            "reason": self.reason,
            "frames": asdict(self.frames),
            "video": self.video.to_dict() if self.video else None,
            "people": [person.to_dict() for person in self.people],
            "error": self.error.to_dict() if self.error else None,
        }
        truth = self.truth.to_dict() if self.truth else {}
        return data | ({"other": self.other.to_dict()} if self.other else {}) | truth

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ClipResult:
        """The inverse of :meth:`to_dict`, up to its rounding."""
        # pair, compression and via came later than the first files
        known = {name: data[name] for name in Truth.__dataclass_fields__ if name in data}
        truth = Truth(**known) if "label" in data else None
        plain = ("path", "sha256", "kind", "status", "verdict", "probability", "score", "reason")
        return cls(
            **({name: data[name] for name in plain} | {"path": name_of_text(data["path"])}),
            frames=FrameCounts(**data["frames"]),
            video=VideoFacts.from_dict(data["video"]) if data["video"] else None,
            people=tuple(PersonResult.from_dict(person) for person in data["people"]),
            error=ErrorFacts(**data["error"]) if data["error"] else None,
            truth=truth,
            via=data.get("via", "face"),
            other=Opinion(**data["other"]) if "other" in data else None,
        )


def document_head(detector: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of the document that stands before its ``results``.

    Args:
        detector: ``name``, ``sha256``, ``backbone`` and whatever else identifies the detector file.
        settings: Everything that could change a result, to repeat it.

    Example:
        >>> list(document_head({"name": "demo"}, {}))
        ['schema', 'tool', 'detector', 'settings']
    """
    return {
        "schema": SCHEMA,
        "tool": {"name": "facefake", "version": __version__},
        "detector": dict(detector),
        "settings": dict(settings),
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
