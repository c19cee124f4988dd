"""What a detector makes of labelled whole pictures, each encoded once for all detectors on one frozen tower."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facefake.evaluation.study_scores import PictureScores
from facefake.features.encode import encode_pictures
from facefake.features.tower import Tower
from facefake.models import Detector
from facefake.progress import Progress, silent
from preprocessing.clip import Clip
from preprocessing.corruptions import Corruption
from preprocessing.faces import CropGeometry

_AT_ONCE = 8192  # features in memory


def score_pictures(
    clips: Sequence[Clip],
    detector: Detector,
    features: Path,
    corruption: Corruption | None = None,
    *,
    workers: int = 0,
    progress: Progress = silent,
) -> PictureScores:
    """Score pictures where they lie.

    Args:
        clips: Labelled pictures.
        detector: One of whole pictures.
        features: The folder of all features. Those of a detector that left its tower frozen stay there; those of one
            that tuned it are of no use to others and are removed once they are classified.
        corruption: What is done to the pictures before.
        workers: Processes that decode.
        progress: Shows the encoding.

    Returns:
        A row a picture: P(fake), of several views (``five-crop``) their mean, or why it could not be read.

    Raises:
        FacefakeError: What :func:`facefake.features.encode.encode_pictures` raises.
    """
    encoded = encode_pictures(
        [clip.file for clip in clips],
        Tower.of(detector),
        CropGeometry.from_dict(detector.card.geometry),
        features,
        corruption=corruption,
        workers=workers,
        progress=progress,
    )
    good = [number for number in range(len(clips)) if number not in encoded.failed]
    scores: dict[int, float] = {}
    for start in range(0, len(good), _AT_ONCE):
        some = good[start : start + _AT_ONCE]
        found = encoded.read(some)
        count, views, dim = found.shape
        chances = detector.classify(found.reshape(-1, dim)).reshape(count, views).mean(axis=1)
        scores |= dict(zip(some, chances.tolist(), strict=True))
    if not detector.frozen:
        encoded.forget()
    return PictureScores.of(clips, scores, {number: error.code for number, error in encoded.failed.items()})
