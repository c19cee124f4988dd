"""The same as ``facefake score`` from Python: load a detector once, score as many files as you like."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from facefake.models import Detector, load_detector
from facefake.scoring import ClipResult, ScoringRules, failed, score_clips
from preprocessing.clip import Clip
from preprocessing.datasets.folder import UNLABELLED, from_paths
from preprocessing.errors import FacefakeError
from preprocessing.faces import FACE_DETECTORS, CropGeometry
from preprocessing.recipe import Recipe

StrPath = str | os.PathLike[str]


def load(detector: StrPath, *, device: str = "auto") -> Detector:
    """Open a detector file.

    Args:
        detector: A ``.safetensors`` file that ``facefake train`` or ``facefake demo`` wrote.
        device: ``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:1``.

    Raises:
        FacefakeError: ``detector_not_found``, ``detector_corrupt``, ``detector_pickle``, ``backbone_mismatch``,
            ``weights_not_found``, ``device_unavailable``.
    """
    return load_detector(Path(detector), device=device)


def score(
    paths: StrPath | Sequence[StrPath],
    detector: Detector | StrPath,
    *,
    rules: ScoringRules | None = None,
    recipe: Recipe | None = None,
    workers: int = 1,
    timeout: float = 600.0,
    device: str = "auto",
) -> Iterator[ClipResult]:
    """Score videos, pictures and folders of them, one result a file, as they are done.

    Child processes are started: a script that calls this needs the usual ``if __name__ == "__main__":``.

    Args:
        paths: One path or several; folders are searched.
        detector: What :func:`load` gave, or a detector file.
        rules: Pooling, threshold and when to abstain; the detector's own unless given.
        recipe: Which frames; the crop is always the detector's.
        workers: Child processes that decode and find faces.
        timeout: Wall-clock seconds a file may take.
        device: Where faces are found, and where a detector given as a file runs.

    Raises:
        FacefakeError: What :func:`load` raises, or ``crop_mismatch``. What befalls a single file is in its result.

    Example:
        >>> [result.error.code for result in score("no.mp4", detector)]  # doctest: +SKIP
        ['not_found']
    """
    if not isinstance(detector, Detector):
        detector = load(detector, device=device)
    several = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    clips, refused = from_paths([Path(path) for path in several])
    results = score_clips(
        clips,
        detector,
        recipe or recipe_of(detector),
        rules=rules or rules_of(detector),
        workers=workers,
        timeout=timeout,
        device=device,
    )
    return chain(refusals(refused), results)


def recipe_of(detector: Detector) -> Recipe:
    """The default sampling with the crop the detector was trained on.

    A detector that was trained on released crops whose making is published (DeepfakeBench's) gets them made from a
    video by our own face detector; :func:`facefake.scoring.crop_notes` says so.
    """
    card = detector.card
    geometry = CropGeometry.from_dict(card.geometry)
    ours = geometry.can_cut and card.face_detector not in FACE_DETECTORS
    return Recipe(geometry=geometry, face_detector=FACE_DETECTORS[0] if ours else card.face_detector)


def rules_of(detector: Detector) -> ScoringRules:
    """Pooling, calibration and threshold as the detector file has them."""
    card = detector.card
    return ScoringRules(
        pooling=card.pooling,
        threshold=card.threshold,
        calibration=card.calibration,
        threshold_source=card.threshold_source,
    )


def refusals(refused: Iterable[tuple[Path, FacefakeError]]) -> Iterator[ClipResult]:
    """Error results for paths that gave no file to score."""
    for path, error in refused:
        yield failed(Clip(path, str(path), "folder", UNLABELLED, None, None, None, name=""), error)
