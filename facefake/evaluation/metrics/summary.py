"""All metrics at once, and the difference between two detectors, with bootstrap intervals over source groups."""

from __future__ import annotations

from numpy.typing import ArrayLike

from facefake.evaluation.metrics.bootstrap import Interval, bootstrap
from facefake.evaluation.metrics.inputs import Floats, chances, labelled, numbered
from facefake.evaluation.metrics.values import auc, judged, ranked
from facefake.evaluation.metrics.weighted import Judgement, Ranking

NAMES = (
    "auc",
    "ap",
    "eer",
    "accuracy",
    "tpr_at_fpr_0_1",
    "tpr_at_fpr_1",
    "tpr_at_fpr_5",
    "log_loss",
    "brier",
    "ece",
)


def summarise(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    probabilities: ArrayLike | None = None,
    threshold: float = 0.5,
    groups: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval | None]:
    """Every metric of :data:`NAMES` with its 95 % interval; see :mod:`facefake.evaluation.metrics.bootstrap`.

    Log-loss, Brier score, ECE and accuracy of scores that are no probabilities are ``None``.

    Args:
        labels: Real 0, fake 1, (n,).
        scores: Any finite numbers, higher means fake, (n,).
        probabilities: Of being fake, 0..1, (n,), if there are any.
        threshold: The probability from which on a row is called fake.
        groups: The source group of each row, (n,) int; each row its own if not given. The frames of one video share
            a group, and so do the videos made from one footage.
        resamples: Bootstrap resamples, >= 1.
        seed: Of the resampling; equal seeds give equal intervals.

    Raises:
        FacefakeError: As :func:`auc`.

    Example:
        >>> summarise([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], resamples=10)["auc"]
        Interval(value=1.0, low=1.0, high=1.0)
    """
    y, s = labelled(labels, scores)
    p = None if probabilities is None else chances(probabilities, len(y))
    unit = numbered(groups, len(y))
    values = ranked(y, s) | ({} if p is None else judged(y, p, threshold))
    ranking = Ranking(y, s, unit)
    measures = [ranking.measure]
    if p is not None:
        measures.append(Judgement(y, p, threshold, unit).measure)
    bounds = bootstrap(measures, y, unit, steps=ranking.steps, resamples=resamples, seed=seed)
    if p is not None:
        bounds["ece"] = _reflected(values["ece"], *bounds["ece"])
    return {name: Interval(values[name], *bounds[name]) if name in values else None for name in NAMES}


def auc_difference(
    labels: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """AUC of detector ``a`` less that of ``b`` on the same rows, both measured on the same resamples.

    Args:
        labels: Real 0, fake 1, (n,).
        a: Scores of one detector, higher means fake, (n,).
        b: Scores of the other, (n,).
        groups: As :func:`summarise`, like ``resamples`` and ``seed``.
        resamples: Bootstrap resamples.
        seed: Of the resampling.

    Raises:
        FacefakeError: As :func:`auc`.

    Example:
        >>> auc_difference([0, 0, 1, 1], [1, 2, 3, 4], [1, 2, 3, 4])
        Interval(value=0.0, low=0.0, high=0.0)
    """
    (y, first), (_, second) = labelled(labels, a), labelled(labels, b)
    unit = numbered(groups, len(y))
    one, other = Ranking(y, first, unit), Ranking(y, second, unit)

    def difference(weights: Floats) -> dict[str, Floats]:
        return {"auc": one.curves(weights).auc() - other.curves(weights).auc()}

    steps = max(one.steps, other.steps)
    low, high = bootstrap([difference], y, unit, steps=steps, resamples=resamples, seed=seed)["auc"]
    return Interval(auc(y, first) - auc(y, second), low, high)


def _reflected(value: float, low: float, high: float) -> tuple[float, float]:
    """The basic bootstrap interval (Davison & Hinkley 1997, eq. 5.6) from the percentiles, within 0..1.

    Chance alone makes an ECE too high, and that of its resamples once more: the percentiles of a calibrated detector
    lie above its value, let alone the truth. Reflected at the value they take the excess out instead of doubling it.
    """
    return max(0.0, 2 * value - high), min(1.0, max(value, 2 * value - low))
