"""What every metric asks of its input: labels 0 and 1, both there, and as many finite scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from preprocessing.errors import FacefakeError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def labelled(labels: ArrayLike, scores: ArrayLike) -> tuple[Ints, Floats]:
    """Labels and scores as arrays, (n,) each, with at least one real (0) and one fake (1).

    Raises:
        FacefakeError: ``scores_invalid`` for anything that is not two lists of one length, at least one long, the
            scores finite numbers; ``labels_invalid`` for labels other than 0 and 1; ``one_class`` if all are equal.

    Example:
        >>> labelled([0, 1], [0.25, 0.75])
        (array([0, 1]), array([0.25, 0.75]))
    """
    s = numbers(scores)
    y = classes(labels)
    if y.shape != s.shape or not y.size:
        raise FacefakeError(
            "scores_invalid",
            f"There are {y.size} labels and {s.size} scores.",
            "A metric needs one score for each label, and at least one of each class.",
        )
    both(y)
    return y, s


def numbers(scores: ArrayLike) -> Floats:
    """Scores as a list of finite float64, (n,), n >= 0; ``scores_invalid`` if they are not that."""
    try:
        s = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise FacefakeError(
            "scores_invalid", "The scores are not numbers.", "Give one number for each clip."
        ) from error
    if s.ndim != 1:
        raise FacefakeError(
            "scores_invalid",
            f"The scores have {s.ndim} dimensions where a list was expected.",
            "Give one number for each clip: the score of fake, where a model puts out one for each class.",
        )
    if not np.isfinite(s).all():
        raise FacefakeError(
            "scores_invalid",
            f"{int((~np.isfinite(s)).sum())} of {s.size} scores are not finite.",
            "The detector may be damaged, or half precision overflowed: try float32.",
        )
    return s


def classes(labels: ArrayLike) -> Ints:
    """Labels as a list of 0 and 1, (n,), n >= 0; ``labels_invalid`` if they are not that."""
    y = np.asarray(labels)
    if y.ndim != 1 or not ((y == 0) | (y == 1)).all():
        raise FacefakeError("labels_invalid", "There are labels other than 0 and 1.", "Real is 0 and fake is 1.")
    return np.asarray(y, dtype=np.int64)


def both(labels: Ints) -> None:
    """Refuse labels that are all equal with ``one_class``."""
    if labels.min() == labels.max():
        raise FacefakeError(
            "one_class",
            f"All {labels.size} are {'fake' if labels.max() else 'real'}.",
            "AUC and the like compare the two: score clips of the other class as well.",
        )


def chances(probabilities: ArrayLike, count: int) -> Floats:
    """Probabilities of being fake, 0..1, (count,); ``scores_invalid`` if they are not that."""
    p = numbers(probabilities)
    if len(p) != count:
        raise FacefakeError(
            "scores_invalid",
            f"There are {count} labels and {len(p)} probabilities.",
            "Give one probability for each clip.",
        )
    if count and not (p.min() >= 0 and p.max() <= 1):
        raise FacefakeError(
            "scores_invalid",
            f"The probabilities run from {p.min():g} to {p.max():g}.",
            "A probability lies in 0..1. Scores that do not are ranked, but cannot be held to a threshold.",
        )
    return p


def numbered(groups: ArrayLike | None, count: int) -> Ints:
    """The source group of each row as numbers 0..g-1 without gaps, (count,); each row its own if ``None``.

    Raises:
        FacefakeError: ``scores_invalid`` if they are not ``count`` integers.

    Example:
        >>> numbered([7, 7, 3], 3)
        array([1, 1, 0])
    """
    if groups is None:
        return np.arange(count)
    g = np.asarray(groups)
    if g.shape != (count,) or not np.issubdtype(g.dtype, np.integer):
        raise FacefakeError(
            "scores_invalid",
            f"There are {count} labels and groups of shape {g.shape} and type {g.dtype}.",
            "Give the number of its source group for each clip.",
        )
    return np.asarray(np.unique(g, return_inverse=True)[1], dtype=np.int64)
