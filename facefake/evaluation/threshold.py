"""A threshold fixed on validation clips, so that the accuracy on test clips is one that could have been had."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from facefake.evaluation.scores import Scores
from preprocessing.errors import FacefakeError


def equal_error_threshold(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """The threshold at which false alarms and misses are as equally frequent as they can be.

    Tried are the midpoints between neighbouring values; of two that are as good, the one with fewer errors is taken,
    then the lower. The same operating point as the equal error rate (EER), which needs no costs and does not depend on
    how many clips of each class there are.

    Args:
        labels: Real 0, fake 1, (n,), both there.
        probabilities: 0..1, higher means fake, (n,).

    Example:
        >>> equal_error_threshold([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9])
        0.4
    """
    fake = np.asarray(labels) == 1
    values = np.asarray(probabilities, dtype=np.float64)
    steps = np.unique(values)
    # on a single value no threshold tells anything apart; it calls everything fake
    tried = (steps[:-1] + steps[1:]) / 2 if len(steps) > 1 else steps
    false_alarms = 1 - np.searchsorted(np.sort(values[~fake]), tried) / (~fake).sum()
    misses = np.searchsorted(np.sort(values[fake]), tried) / fake.sum()
    best = np.lexsort((false_alarms + misses, np.round(np.abs(false_alarms - misses), 12)))[0]
    return float(tried[best])


def validated_threshold(validation: Scores, tested: Scores) -> float:
    """:func:`equal_error_threshold` on the scored clips of ``validation``, for judging those of ``tested``.

    Raises:
        FacefakeError: ``split_leak`` if a clip of ``validation`` is not of a ``val`` split, or shows footage that is
            among ``tested``; ``one_class`` if it lacks reals or fakes; ``scores_invalid`` if its scores are no
            probabilities.
    """
    scored = validation.take(validation.scored)
    if other := sorted({str(split) for split in scored.split} - {"val"}):
        raise FacefakeError(
            "split_leak",
            f"The clips for the threshold are of {' and '.join(other)}, not only of val.",
            "Fix the threshold on validation clips: facefake score --split val.",
        )
    if both := set(_footage(scored)) & set(_footage(tested)):
        dataset, group = sorted(both, key=str)[0]
        raise FacefakeError(
            "split_leak",
            f"{len(both)} source groups are both validation and test, {group} of {dataset} among them.",
            "A threshold must come from other footage than what it judges.",
        )
    if len(set(scored.label)) < 2:
        raise FacefakeError(
            "one_class", "The clips for the threshold are not both real and fake.", "Score the whole val split."
        )
    if not np.isfinite(scored.probability).all():
        raise FacefakeError(
            "scores_invalid", "The scores for the threshold are no probabilities.", "They must lie between 0 and 1."
        )
    return equal_error_threshold(scored.label, scored.probability)


def _footage(scores: Scores) -> list[tuple[str, str]]:
    rows = zip(scores.dataset, scores.pair, scores.clip, strict=True)
    return [(dataset, clip if pair is None else pair) for dataset, pair, clip in rows]
