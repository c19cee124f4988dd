"""A clip in, a verdict out.

Clips are decoded, faces found and cropped in child processes (:mod:`preprocessing.workers`), crops are scored here on
the detector's device while the children work on, and each clip is pooled and judged. A picture taken whole is a single
crop, or five, so the crops of several clips are gathered until they fill a forward pass. Only those clips and the ones
in flight are held in memory. A clip that fails is a result like any other, and the rest go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Protocol

import numpy as np

from facefake.scoring.calibration import probability_of
from facefake.scoring.examiner import via_of
from facefake.scoring.pooling import pool
from facefake.scoring.result import ClipResult, ErrorFacts, FrameScore, Kind, PersonResult, Truth, Via, VideoFacts
from facefake.scoring.rules import ScoringRules
from facefake.scoring.verdict import Evidence, FrameCounts, judge
from preprocessing.clip import Clip
from preprocessing.datasets.media import IMAGE_SUFFIXES
from preprocessing.errors import FacefakeError
from preprocessing.extract import ClipFaces, FaceCrop, extract_clip
from preprocessing.faces import CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.source import examine
from preprocessing.video import PICTURES, Limits, check_file
from preprocessing.workers import AHEAD, map_clips

BATCH = 32  # crops that make a forward pass worth its while


_FromChild = tuple[str | None, ClipFaces | FacefakeError]


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


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A clip on its way to the detector: its crops, or why there are none; SHA-256 of its file if that is known."""

    clip: Clip
    found: Extracted | FacefakeError
    sha256: str | None = None

    @property
    def crops(self) -> list[np.ndarray]:
        """Its crops, uint8 RGB (side, side, 3) each."""
        return [] if isinstance(self.found, FacefakeError) else [face.image for face in self.found.faces]


def score_clips(
    clips: Iterable[Clip],
    detector: Detector,
    recipe: Recipe,
    *,
    rules: ScoringRules | None = None,
    workers: int = 1,
    timeout: float = 600.0,
    device: str = "cpu",
    limits: Limits | None = None,
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
        limits: What a clip may cost in bytes, pixels, frames and seconds before it is refused.

    Raises:
        FacefakeError: ``crop_mismatch``, at once, also for crops that only a release holds. What befalls a single clip
            is in its result instead.
    """
    recipe.check_video()
    detector.check_geometry(recipe.geometry)
    rules = (rules or ScoringRules()).for_recipe(recipe)
    # a picture taken whole is small, and a batch of them is taken at once; a video's faces are many megabytes
    prepared = _prepared(
        clips, partial(_prepare, recipe, device, limits), workers, timeout, ahead=BATCH if recipe.whole else AHEAD
    )
    return score_prepared(prepared, detector, rules, via_of(whole=recipe.whole))


def _prepared(
    clips: Iterable[Clip], prepare: Callable[[Clip], _FromChild], workers: int, timeout: float, ahead: int
) -> Iterator[Prepared]:
    for clip, answer in map_clips(prepare, clips, workers=workers, timeout=timeout, ahead=ahead):
        # a child that was killed could not say its file's digest; reading the file here might hang as it did there
        sha256, faces = (None, answer) if isinstance(answer, FacefakeError) else answer
        yield Prepared(clip, faces if isinstance(faces, FacefakeError) else extracted(faces), sha256)


def _prepare(recipe: Recipe, device: str, limits: Limits | None, clip: Clip) -> _FromChild:
    """The child's part. Errors are returned rather than raised so that they come with the file's digest."""
    sources, faces = examine(clip, partial(extract_clip, clip, recipe, device, limits))
    return sources[0].sha256, faces


def extracted(faces: ClipFaces) -> Extracted:
    """A fresh extraction in the form that is judged."""
    info = faces.info
    return Extracted(
        video=VideoFacts.from_dict(asdict(info)),
        kind="image" if info.container in PICTURES else "video",
        outcome=faces.outcome,
        frames=FrameCounts(faces.requested, faces.decoded, faces.with_face),
        faces=faces.faces,
    )


def score_prepared(
    prepared: Iterable[Prepared], detector: Detector, rules: ScoringRules, via: Via = "face"
) -> Iterator[ClipResult]:
    """Score crops, pool them to people and judge; one result a clip in the order given.

    Clips share forward passes, which changes their scores in the last digits at most. Of those that wait for others,
    there are never more than make a batch of :data:`BATCH`; the last ones wait for nobody.

    Args:
        prepared: Consumed as needed.
        detector: The forgery detector. If its numbers are not scores, that is an error of the clip.
        rules: How frame scores become a verdict.
        via: The path that the crops are of.
    """
    waiting: list[Prepared] = []
    for each in prepared:
        waiting.append(each)
        # a clip without a crop counts too, lest ever so many wait for one that has some
        if sum(max(1, len(one.crops)) for one in waiting) >= BATCH:
            results = _score_batch(waiting, detector, rules, via)
            waiting = []  # their crops go before those of the next come
            yield from results
    if waiting:
        yield from _score_batch(waiting, detector, rules, via)


def _score_batch(batch: Sequence[Prepared], detector: Detector, rules: ScoringRules, via: Via) -> list[ClipResult]:
    crops = [crop for each in batch for crop in each.crops]
    try:
        scores = _scores(crops, detector)
    except FacefakeError as error:
        return [
            failed(each.clip, error, each.sha256, via) if each.crops else _result(each, np.empty(0), rules, via)
            for each in batch
        ]
    ends = np.cumsum([len(each.crops) for each in batch])
    return [_result(each, own, rules, via) for each, own in zip(batch, np.split(scores, ends[:-1]), strict=True)]


def _scores(crops: Sequence[np.ndarray], detector: Detector) -> np.ndarray:
    """The detector's numbers, one a crop; that they lie within 0..1 is checked where they are pooled."""
    scores = np.asarray(detector.score(crops)) if crops else np.empty(0)
    if len(scores) != len(crops):
        raise FacefakeError(
            "scores_invalid",
            f"{len(scores)} scores came back for {len(crops)} crops",
            "This is a fault of facefake.",
        )
    return scores


def _result(each: Prepared, scores: np.ndarray, rules: ScoringRules, via: Via) -> ClipResult:
    if isinstance(each.found, FacefakeError):
        return failed(each.clip, each.found, each.sha256, via)
    try:
        return _judged(each, each.found, scores, rules, via)
    except FacefakeError as error:
        return failed(each.clip, error, each.sha256, via)


def _judged(each: Prepared, found: Extracted, scores: np.ndarray, rules: ScoringRules, via: Via) -> ClipResult:
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
        path=str(each.clip.path),
        sha256=each.sha256,
        kind=found.kind,
        status=judgement.status,
        verdict=judgement.verdict,
        probability=judgement.probability,
        score=judgement.score,
        reason=judgement.reason,
        frames=found.frames,
        video=found.video,
        people=people,
        truth=truth(each.clip),
        via=via,
    )


def failed(clip: Clip, error: FacefakeError, sha256: str | None = None, via: Via = "face") -> ClipResult:
    """The result of a clip that could not be scored at all."""
    return ClipResult(
        path=str(clip.path),
        sha256=sha256,
        kind=_kind_of(clip),
        status="error",
        error=ErrorFacts(**error.to_dict()),
        truth=truth(clip),
        via=via,
    )


def _kind_of(clip: Clip) -> Kind:
    """By what the file holds, as far as its first bytes tell, otherwise by its name."""
    try:
        still = clip.member is not None or check_file(clip.path)[1] in PICTURES
    except FacefakeError:
        still = clip.path.suffix.lower() in (*IMAGE_SUFFIXES, ".parquet")
    return "image" if still else "video"


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
