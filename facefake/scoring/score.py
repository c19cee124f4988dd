"""A clip in, a verdict out.

Clips are decoded, faces found and cropped in child processes (:mod:`preprocessing.workers`), crops are scored here on
the detector's device while the children work on, and each clip is pooled and judged as it comes. Only the clips in
flight are held in memory. A clip that fails is a result like any other, and the rest go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from facefake.scoring.calibration import probability_of
from facefake.scoring.digest import sha256_file
from facefake.scoring.pooling import checked, pool
from facefake.scoring.result import ClipResult, ErrorFacts, FrameScore, Kind, PersonResult, Truth, VideoFacts
from facefake.scoring.rules import ScoringRules
from facefake.scoring.verdict import Evidence, FrameCounts, judge
from preprocessing.clip import Clip
from preprocessing.datasets.base import IMAGE_SUFFIXES
from preprocessing.errors import FacefakeError
from preprocessing.extract import ClipFaces, FaceCrop, extract_clip
from preprocessing.faces import CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.video import PICTURES
from preprocessing.workers import map_clips


class Detector(Protocol):
    """What scoring needs of :class:`facefake.models.detector.Detector`."""

    def score(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """P(fake) of each crop, float64 (n,), in the crops' order; crops are uint8 RGB (side, side, 3)."""

    def check_geometry(self, geometry: CropGeometry) -> None:
        """Raise ``crop_mismatch`` if the detector was not trained on such crops."""


@dataclass(frozen=True, slots=True, eq=False)
class Extracted:
    """What judging needs of an extraction, fresh or from a store."""

    video: VideoFacts
    kind: Kind
    outcome: str
    frames: FrameCounts
    faces: Sequence[FaceCrop]


def score_clips(
    clips: Iterable[Clip],
    detector: Detector,
    recipe: Recipe,
    *,
    rules: ScoringRules | None = None,
    workers: int = 1,
    timeout: float = 600.0,
    device: str = "cpu",
) -> Iterator[ClipResult]:
    """Score clips from their files, one result a clip in the order given.

    Args:
        clips: What to score; consumed as needed.
        detector: The forgery detector.
        recipe: What frames and what crop; its geometry must be the detector's.
        rules: How frame scores become a verdict.
        workers: Child processes that decode and find faces.
        timeout: Wall-clock seconds a clip may take in its child before that is killed.
        device: Where the *face* detector runs in each child.

    Raises:
        FacefakeError: ``crop_mismatch``, at once, also for crops that only a release holds. What befalls a single clip
            is in its result instead.
    """
    recipe.check_video()
    detector.check_geometry(recipe.geometry)
    return _score_clips(clips, detector, rules or ScoringRules(), partial(_prepare, recipe, device), workers, timeout)


def _score_clips(
    clips: Iterable[Clip], detector: Detector, rules: ScoringRules, prepare: partial, workers: int, timeout: float
) -> Iterator[ClipResult]:
    for clip, prepared in map_clips(prepare, clips, workers=workers, timeout=timeout):
        # a child that was killed could not say its file's digest; reading the file here might hang as it did there
        sha256, faces = (None, prepared) if isinstance(prepared, FacefakeError) else prepared
        if isinstance(faces, FacefakeError):
            yield failed(clip, faces, sha256)
        else:
            yield score_clip(clip, extracted(faces), detector, rules, sha256)


def _prepare(recipe: Recipe, device: str, clip: Clip) -> tuple[str | None, ClipFaces | FacefakeError]:
    """The child's part. Errors are returned rather than raised so that they come with the file's digest."""
    try:
        faces: ClipFaces | FacefakeError = extract_clip(clip, recipe, device)
    except FacefakeError as error:
        faces = error
        if error.code == "too_large":
            return None, error
    return sha256_file(clip.path), faces


def extracted(faces: ClipFaces) -> Extracted:
    """A fresh extraction in the form that is judged."""
    info = faces.info
    return Extracted(
        video=VideoFacts(info.codec, info.width, info.height, info.fps, info.duration, info.rotation),
        kind="image" if info.container in PICTURES else "video",
        outcome=faces.outcome,
        frames=FrameCounts(faces.requested, faces.decoded, faces.with_face),
        faces=faces.faces,
    )


def score_clip(
    clip: Clip, found: Extracted, detector: Detector, rules: ScoringRules, sha256: str | None = None
) -> ClipResult:
    """Score the crops of one clip, pool them to people and judge.

    Scores do not depend on what other clips are scored with it.

    Returns:
        The result, an error if the detector's numbers are not scores.
    """
    try:
        crops = [face.image for face in found.faces]
        scores = checked(detector.score(crops)) if crops else np.empty(0)
        if len(scores) != len(crops):
            raise FacefakeError(
                "scores_invalid",
                f"{len(scores)} scores came back for {len(crops)} crops",
                "This is a fault of facefake.",
            )
        return _judged(clip, found, scores, rules, sha256)
    except FacefakeError as error:
        return failed(clip, error, sha256)


def _judged(clip: Clip, found: Extracted, scores: np.ndarray, rules: ScoringRules, sha256: str | None) -> ClipResult:
    members: dict[int, list[int]] = {}
    for position, face in enumerate(found.faces):
        members.setdefault(face.track, []).append(position)
    evidence = [
        _evidence(track, [found.faces[i] for i in places], pool(scores[places], rules.pooling))
        for track, places in sorted(members.items())
    ]
    judgement = judge(
        evidence,
        found.frames,
        threshold=rules.threshold,
        limits=rules.limits,
        calibration=rules.calibration,
        shortfall=found.outcome == "decode_shortfall",
    )
    people = tuple(
        PersonResult(
            track=person.track,
            probability=(
                None if person.track in judgement.set_aside else probability_of(person.score, rules.calibration)
            ),
            score=person.score,
            frames=tuple(_frame_score(found.faces[i], float(scores[i])) for i in members[person.track]),
            reason=judgement.set_aside.get(person.track),
        )
        for person in evidence
    )
    return ClipResult(
        path=str(clip.path),
        sha256=sha256,
        kind=found.kind,
        status=judgement.status,
        verdict=judgement.verdict,
        probability=judgement.probability,
        score=judgement.score,
        reason=judgement.reason,
        frames=found.frames,
        video=found.video,
        people=people,
        truth=truth(clip),
    )


def failed(clip: Clip, error: FacefakeError, sha256: str | None = None) -> ClipResult:
    """The result of a clip that could not be scored at all."""
    return ClipResult(
        path=str(clip.path),
        sha256=sha256,
        kind="image" if clip.path.suffix.lower() in IMAGE_SUFFIXES else "video",
        status="error",
        error=ErrorFacts(**error.to_dict()),
        truth=truth(clip),
    )


def truth(clip: Clip) -> Truth | None:
    """What the data set says of the clip, ``None`` for a clip without a label."""
    if clip.label is None:
        return None
    return Truth(clip.key, clip.dataset, clip.method, clip.split, clip.label, clip.pair, clip.compression)


def _evidence(track: int, faces: Sequence[FaceCrop], score: float) -> Evidence:
    def median(values: Iterable[float]) -> float:
        return float(np.median([float(value) for value in values]))

    def known(values: Iterable[float | None]) -> float | None:
        there = [value for value in values if value is not None]
        return median(there) if there else None

    return Evidence(
        track=track,
        score=score,
        frames=len(faces),
        confidence=known(face.face.confidence for face in faces),
        inter_eye=known(face.quality.inter_eye for face in faces),
        sharpness=median(face.quality.sharpness for face in faces),
        brightness=median(face.quality.brightness for face in faces),
    )


def _frame_score(crop: FaceCrop, score: float) -> FrameScore:
    landmarks, confidence = crop.face.landmarks, crop.face.confidence
    return FrameScore(
        index=int(crop.frame),
        time=None if crop.time is None else float(crop.time),
        score=score,
        box=tuple(float(value) for value in crop.face.box),
        landmarks=None if landmarks is None else tuple((float(x), float(y)) for x, y in np.reshape(landmarks, (5, 2))),
        confidence=None if confidence is None else float(confidence),
    )
