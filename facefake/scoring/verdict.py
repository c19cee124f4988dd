"""From people's scores to ``real``, ``fake`` or ``inconclusive``, and why.

A detector always gives a number. Whether the number means anything depends on what it was computed from, and that is
judged here, without looking at the number. A clip that cannot be judged is ``inconclusive`` with a reason and has no
score or probability at all: never a made-up 0.5.

People first. Each person (track) must pass every limit of :class:`Abstention`, by the median over their frames; the
rest are *set aside*: they stay in the result with their frames and score, but have no probability and no say. Then the
clip: it is scored on the people who remain, so a stray face on a poster, seen once, is never the most suspicious
person. Where nobody remains, the clip's reason is that of the person seen in most frames; where nothing found is surely
a face (``faces_uncertain`` all of it), that is ``no_face``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from facefake.scoring.calibration import Calibration, probability_of
from facefake.scoring.pooling import pool_people
from preprocessing.errors import FacefakeError

Status = Literal["scored", "inconclusive", "error"]
Verdict = Literal["real", "fake", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Wording:
    """A reason in plain words, and what to do about it."""

    words: str
    hint: str


REASONS: dict[str, Wording] = {
    "no_face": Wording(
        "no face was found for certain",
        "This detector examines only faces; if there is one, it may be turned away, covered or tiny. A detector of "
        "whole pictures beside it (--detector twice) judges the rest.",
    ),
    "decode_shortfall": Wording(
        "part of the video could not be read", "The file is truncated or damaged: get a whole copy."
    ),
    "faces_uncertain": Wording(
        "what was found may not be a face", "Look at the boxes in the JSON: flames, patterns and statues mislead."
    ),
    "too_few_faces": Wording(
        "nobody is seen in enough frames", "Use a longer clip, or look at more frames (--frames uniform:64)."
    ),
    "faces_too_small": Wording(
        "the faces are too small", "Get the clip in a higher resolution, or cut to where people are closer."
    ),
    "faces_blurred": Wording("the faces are too blurred", "Get the original instead of a re-compressed copy."),
    "faces_too_dark": Wording("the faces are too dark", "Cut to better lit footage; brightening adds no evidence."),
}
"""Reason codes, as in the JSON's ``reason``, with their words and hints. Earlier ones take precedence."""


@dataclass(frozen=True, slots=True)
class Abstention:
    """When not to judge. Every limit is inclusive: a face exactly at it counts.

    A limit on what is unknown does not apply.
    The defaults are limits of the evidence, not tuned on any detector's errors. A limit of 0 is off. Eyes 16 pixels
    apart make a crop of about 65 pixels, enlarged three and a half times for a network that looks at 224. Well lit
    faces of the clips this was tried on (Celeb-DF, DFDC, phone and film footage) have a sharpness of 45 to 500; blurred
    by a Gaussian of 3/128 of the crop they have about 4, and one lit so badly that it has only 5 is dim but plain to
    see.

    Attributes:
        min_frames: A person must be seen in this many frames, or in all that were asked for if those are fewer (so a
            still image needs one).
        min_confidence: Of the face detector, 0..1. ``None``: that from which the one in use is sure
            (:func:`preprocessing.faces.sure_from`), once it is known which that is.
        min_inter_eye: Distance between the eyes in pixels of the original frame.
        min_sharpness: Variance of the Laplacian, see :class:`preprocessing.faces.Quality`.
        min_brightness: Mean grey level, 0..255.
        abstain: If false, every clip that shows a face is judged, as published protocols do: damaged or not, and where
            nobody passes the limits on the person seen in most frames. Strays beside people who do pass still have no
            say.
    """

    min_frames: int = 4
    min_confidence: float | None = None
    min_inter_eye: float = 16.0
    min_sharpness: float = 3.0
    min_brightness: float = 16.0
    abstain: bool = True

    def of_pictures(self) -> Abstention:
        """These for whole pictures: what is asked of faces is off, a damaged video still gets no verdict."""
        return Abstention(0, 0.0, 0.0, 0.0, 0.0, self.abstain)

    def of_faces_by(self, face_detector: str) -> Abstention:
        """These for faces found by the face detector of this name, which is sure on a scale of its own."""
        from preprocessing.faces import sure_from  # OpenCV loads with it, and results are read without

        sure = sure_from(face_detector) if self.min_confidence is None else self.min_confidence
        return replace(self, min_confidence=sure)


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """How many frames were asked for, came back decoded, and showed a face.

    Attributes:
        requested: Distinct frames the sampling rule asked of this clip (a clip of 10 frames is asked for at most 10).
        decoded: Of those, how many the decoder delivered.
        with_face: Of those, how many show at least one face.
    """

    requested: int = 0
    decoded: int = 0
    with_face: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one person: the pooled score and medians over their frames.

    Attributes:
        track: The person's number in the clip.
        score: Pooled P(fake), 0..1.
        frames: Number of frames the person is seen in.
        confidence: Of the face detector, 0..1; ``None`` for faces that were released cut out.
        inter_eye: Pixels; ``None`` likewise.
        sharpness: As ``preprocessing.faces.quality``.
        brightness: As ``preprocessing.faces.quality``.
    """

    track: int
    score: float
    frames: int
    confidence: float | None
    inter_eye: float | None
    sharpness: float
    brightness: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer for a clip.

    Attributes:
        status: ``scored`` or ``inconclusive``.
        verdict: ``real``, ``fake`` or ``inconclusive``.
        score: The most suspicious person's, or ``None`` if inconclusive.
        probability: The calibrated one, or ``None`` if inconclusive.
        reason: One of :data:`REASONS` if inconclusive.
        set_aside: Reason by track for each person who does not count.
    """

    status: Status
    verdict: Verdict
    score: float | None = None
    probability: float | None = None
    reason: str | None = None
    set_aside: dict[int, str] = field(default_factory=dict)


def judge(
    people: Sequence[Evidence],
    frames: FrameCounts,
    *,
    threshold: float = 0.5,
    limits: Abstention | None = None,
    calibration: Calibration | None = None,
    shortfall: bool = False,
) -> Judgement:
    """Judge a clip.

    Args:
        people: Everybody seen in it.
        frames: What was asked for and what came back.
        threshold: Probability, 0..1, from which on (inclusive) the verdict is ``fake``.
        limits: When to abstain.
        calibration: How the score becomes the probability; ``None``: they are the same.
        shortfall: The extraction's outcome was ``decode_shortfall``: frames asked for did not come, or the container
            promises many more than it holds. What is missing may be the very part that was forged.

    Raises:
        FacefakeError: ``config_invalid`` if the threshold is not in 0..1.

    Example:
        >>> someone = Evidence(0, 0.93, 31, 0.99, 80.0, 100.0, 120.0)
        >>> judge([someone], FrameCounts(32, 32, 31)).verdict
        'fake'
        >>> judge([], FrameCounts(32, 32, 0)).reason
        'no_face'
    """
    if not 0 <= threshold <= 1:
        raise FacefakeError("config_invalid", f"the threshold is {threshold}", "It must lie between 0 and 1.")
    limits = limits or Abstention()
    set_aside = {p.track: reason for p in people if (reason := _reason_against(p, frames, limits))}
    if people and not limits.abstain and len(set_aside) == len(people):
        del set_aside[_seen_most(people).track]
    certain = [p for p in people if set_aside.get(p.track) != "faces_uncertain"]
    if not certain:
        return _inconclusive("no_face", set_aside)
    if shortfall and limits.abstain:
        return _inconclusive("decode_shortfall", set_aside)
    counting = [p for p in certain if p.track not in set_aside]
    if not counting:
        return _inconclusive(set_aside[_seen_most(certain).track], set_aside)
    score = pool_people([p.score for p in counting])
    probability = probability_of(score, calibration)
    return Judgement("scored", "fake" if probability >= threshold else "real", score, probability, None, set_aside)


def _seen_most(people: Sequence[Evidence]) -> Evidence:
    return max(people, key=lambda person: (person.frames, person.confidence or 0.0, -person.track))


def _reason_against(person: Evidence, frames: FrameCounts, limits: Abstention) -> str | None:
    checks = (
        ("faces_uncertain", person.confidence, limits.min_confidence),
        ("too_few_faces", person.frames, min(limits.min_frames, frames.requested)),
        ("faces_too_small", person.inter_eye, limits.min_inter_eye),
        ("faces_blurred", person.sharpness, limits.min_sharpness),
        ("faces_too_dark", person.brightness, limits.min_brightness),
    )
    # "not >=" rather than "<": a quality that could not be measured (NaN) does not pass, while one that nobody measured
    # (None) is not held against anybody
    return next((reason for reason, value, least in checks if least and value is not None and not value >= least), None)


def _inconclusive(reason: str, set_aside: dict[int, str]) -> Judgement:
    return Judgement("inconclusive", "inconclusive", reason=reason, set_aside=set_aside)
