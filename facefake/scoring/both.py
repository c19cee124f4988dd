"""Two answers for one file, of the face path and of the image path, to the one that is given.

The most suspicious path speaks, as the most suspicious person does: the file is fake if either path says so. A path
without an answer never outvotes one that has one, so where there is no face, the whole picture decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from facefake.scoring.result import ClipResult, Opinion

_ANSWERED = {"error": 0, "inconclusive": 1, "scored": 2}


def of_paths(paths: Sequence[Iterator[ClipResult]]) -> Iterator[ClipResult]:
    """One result a file: of a single path its own, of both what is :func:`merged`, as they come.

    Args:
        paths: Results of the same files in the same order; the face path's first.
    """
    if len(paths) == 1:
        return paths[0]
    faces, pictures = paths
    return (merged(face, image) for face, image in zip(faces, pictures, strict=True))


def merged(face: ClipResult, image: ClipResult) -> ClipResult:
    """The result of the path that speaks, with the other's answer in ``other``.

    1. A path that has a verdict comes before one that is inconclusive, and that before one that failed.
    2. ``fake`` comes before ``real``: each path has a threshold of its own, and a probability that is lower may be the
       one that is above its own.
    3. The higher probability comes first; of two that are equal, the face path's, which names a person. Where neither
       has one, the image path speaks: it asks least of a file, so what stops it stops both.

    Args:
        face: The face path's result.
        image: The image path's, of the same file.

    Example:
        >>> one = ClipResult("a.jpg", None, "image", "scored", "real", 0.2, 0.2)
        >>> other = replace(one, verdict="fake", probability=0.9, score=0.9, via="image")
        >>> merged(one, other).via, merged(one, other).other.probability
        ('image', 0.2)
    """
    speaker, silent = (face, image) if _weight(face) > _weight(image) else (image, face)
    return replace(speaker, sha256=speaker.sha256 or silent.sha256, other=_opinion(silent))


def _weight(result: ClipResult) -> tuple[int, bool, float, bool]:
    """What decides who speaks, most important first; between equals of the face path and the image path, see 3."""
    scored = result.status == "scored"
    return (
        _ANSWERED[result.status],
        result.verdict == "fake",
        result.probability or 0.0,
        scored and result.via == "face",
    )


def _opinion(result: ClipResult) -> Opinion:
    return Opinion(
        via=result.via,
        status=result.status,
        verdict=result.verdict,
        probability=result.probability,
        score=result.score,
        reason=result.error.code if result.error else result.reason,
    )
