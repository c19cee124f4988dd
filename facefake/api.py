"""The same as ``facefake score`` from Python: load a detector once, score as many files as you like."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from facefake.hub.resolve import detector_file
from facefake.models import Detector, load_detector
from facefake.scoring import ClipResult, Examiner, ScoringRules, failed, of_paths, score_clips
from facefake.scoring.examiner import check_paths
from facefake.scoring.result import Via
from preprocessing.clip import Clip
from preprocessing.datasets.folder import UNLABELLED, Named, from_paths
from preprocessing.errors import FacefakeError
from preprocessing.faces import FACE_DETECTORS, CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.video import Limits

StrPath = str | os.PathLike[str]
AnyDetector = Detector | Examiner | StrPath


def load(detector: StrPath | None = None, *, device: str = "auto") -> Detector:
    """Open a detector.

    Args:
        detector: A file that ``facefake train``, ``demo`` or ``export`` wrote; the name of a published detector
            (``facefake detectors`` lists them), which is fetched the first time; ``hf-hub:org/name``; ``None``: the
            default of the published ones.
        device: ``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:1``.

    Raises:
        FacefakeError: ``detector_not_found``, ``detector_corrupt``, ``detector_pickle``, ``backbone_mismatch``,
            ``weights_not_found``, ``device_unavailable``; of a name ``detector_unknown``, ``licence_not_accepted``,
            ``download_failed``, ``digest_mismatch``.
    """
    return load_detector(detector_file(detector), device=device)


def score(
    paths: StrPath | Sequence[StrPath],
    detector: AnyDetector | Sequence[AnyDetector] | None = None,
    *,
    rules: ScoringRules | None = None,
    recipe: Recipe | None = None,
    workers: int = 1,
    timeout: float = 600.0,
    device: str = "auto",
    limits: Limits | None = None,
) -> Iterator[ClipResult]:
    """Score videos, pictures and folders of them, one result a file, as they are done: pictures a batch at a time.

    Child processes are started: a script that calls this needs the usual ``if __name__ == "__main__":``.

    Args:
        paths: One path or several; folders are searched. :func:`preprocessing.datasets.folder.from_paths` tells what
            of them is left out, because it is no video or image.
        detector: What :func:`load` gave, or what it takes: of faces or of whole pictures. One of each in a list: for
            each file the more suspicious of both speaks, see :mod:`facefake.scoring.both`.
        rules: Pooling, threshold and when to abstain; the detector's own unless given.
        recipe: Which frames, and what finds the faces (:meth:`preprocessing.recipe.Recipe.with_face_detector`); the
            crop is always the detector's. Of two detectors, each may be an :class:`facefake.scoring.Examiner` with
            rules and a recipe of its own instead.
        workers: Child processes that decode and find faces, for each detector.
        timeout: Wall-clock seconds a file may take.
        device: Where faces are found, and where a detector given as a file runs.
        limits: What a file may cost in bytes, pixels, frames and seconds before it is refused.

    Raises:
        FacefakeError: What :func:`load` raises, or ``crop_mismatch``; ``usage`` for two detectors of faces or two of
            whole pictures. What befalls a single file is in its result.

    Example:
        >>> [result.error.code for result in score("no.mp4", detector)]  # doctest: +SKIP
        ['not_found']
    """
    one = (Detector, Examiner, str, os.PathLike)
    given: Sequence[AnyDetector | None] = [detector] if detector is None or isinstance(detector, one) else detector
    examiners = in_order([_examiner(each, recipe, rules, device) for each in given])
    several = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    named = from_paths([Path(path) for path in several])
    return examine(named, examiners, workers=workers, timeout=timeout, device=device, limits=limits)


def examine(
    named: Named,
    examiners: Sequence[Examiner],
    *,
    workers: int,
    timeout: float,
    device: str,
    limits: Limits | None = None,
) -> Iterator[ClipResult]:
    """As :func:`score`, for files that were looked up already."""
    options = {"workers": workers, "timeout": timeout, "device": device, "limits": limits}
    return of_paths(
        [
            chain(
                refusals(named.refused, each.via),
                score_clips(named.clips, each.detector, each.recipe, rules=each.rules, **options),  # type: ignore[arg-type]
            )
            for each in examiners
        ]
    )


def in_order(examiners: Sequence[Examiner]) -> list[Examiner]:
    """The face path first.

    Raises:
        FacefakeError: ``usage`` for two of one path.
    """
    check_paths([each.via for each in examiners])
    return sorted(examiners, key=lambda each: each.via != "face")


def _examiner(given: AnyDetector | None, recipe: Recipe | None, rules: ScoringRules | None, device: str) -> Examiner:
    if isinstance(given, Examiner):
        return given
    detector = given if isinstance(given, Detector) else load(given, device=device)
    return Examiner(detector, recipe or recipe_of(detector), rules or rules_of(detector))


def recipe_of(detector: Detector) -> Recipe:
    """The default sampling with the crop the detector was trained on, or whole pictures as it knows them.

    A detector that was trained on released crops whose making is published (DeepfakeBench's) gets them made from a
    video by our own face detector; :func:`facefake.scoring.crop_notes` says so.
    """
    card = detector.card
    geometry = CropGeometry.from_dict(card.geometry)
    if geometry.whole:
        return Recipe.of_pictures(geometry, Recipe().sampling)
    ours = geometry.can_cut and card.face_detector not in FACE_DETECTORS
    return Recipe(geometry=geometry, face_detector=FACE_DETECTORS[0] if ours else card.face_detector)


def rules_of(detector: Detector) -> ScoringRules:
    """Pooling, calibration and threshold as the detector file has them; of whole pictures nothing is asked."""
    card = detector.card
    rules = ScoringRules(
        pooling=card.pooling,
        threshold=card.threshold,
        calibration=card.calibration,
        threshold_source=card.threshold_source,
    )
    return rules.of_pictures() if detector.whole else rules


def refusals(refused: Iterable[tuple[Path, FacefakeError]], via: Via) -> Iterator[ClipResult]:
    """Error results for paths that gave no file to score."""
    for path, error in refused:
        yield failed(Clip(path, str(path), "folder", UNLABELLED, None, None, None, name=""), error, via=via)
