"""The figures of a study on one generator: of the order of scores, and of verdicts at two thresholds."""

from __future__ import annotations

import numpy as np

from facefake.evaluation.metrics import accuracy, auc, average_precision, macro_f1
from facefake.evaluation.metrics.bootstrap import Interval, bootstrap
from facefake.evaluation.metrics.inputs import Floats, Ints
from facefake.evaluation.metrics.weighted import Ranking

NAMES = ("auc", "ap", "accuracy", "macro_f1", "accuracy_val", "macro_f1_val")
"""``accuracy`` and ``macro_f1`` are at a threshold of 0.5, ``_val`` at the one fixed on validation pictures."""

DEFAULT = 0.5


def figures(
    labels: Ints, scores: Floats, threshold: float, *, resamples: int = 0, seed: int = 0
) -> dict[str, Interval]:
    """Every metric of :data:`NAMES`, 0..1.

    Args:
        labels: Real 0, fake 1, (n,), both there.
        scores: P(fake), 0..1, (n,).
        threshold: That fixed on validation pictures.
        resamples: Bootstrap resamples over pictures for the 95 % intervals; without any, bounds are the value.
        seed: Of the bootstrap.

    Example:
        >>> figures(np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.7, 0.9]), 0.65)["accuracy_val"]
        Interval(value=1.0, low=1.0, high=1.0)
    """
    values = {"auc": auc(labels, scores), "ap": average_precision(labels, scores)}
    thresholds = {"": DEFAULT, "_val": threshold}
    for suffix, limit in thresholds.items():
        values |= {
            f"accuracy{suffix}": accuracy(labels, scores, limit),
            f"macro_f1{suffix}": macro_f1(labels, scores, limit),
        }
    bounds = _bounds(labels, scores, thresholds, resamples, seed) if resamples else {}
    return {name: Interval(values[name], *bounds.get(name, (values[name], values[name]))) for name in NAMES}


def _bounds(
    labels: Ints, scores: Floats, thresholds: dict[str, float], resamples: int, seed: int
) -> dict[str, tuple[float, float]]:
    each = np.arange(len(labels))
    ranking = Ranking(labels, scores, each)

    def ranked(weights: Floats) -> dict[str, Floats]:
        curves = ranking.curves(weights)
        return {"auc": curves.auc(), "ap": curves.ap()}

    def judged(weights: Floats) -> dict[str, Floats]:
        found = {}
        for suffix, limit in thresholds.items():
            called = scores >= limit
            hits, alarms = (weights[called & (labels == label)].sum(axis=0) for label in (1, 0))
            misses, rejections = (weights[~called & (labels == label)].sum(axis=0) for label in (1, 0))
            wrong = alarms + misses
            found[f"accuracy{suffix}"] = (hits + rejections) / (hits + rejections + wrong)
            # a class that is neither there nor called would divide by zero; resamples always hold both
            found[f"macro_f1{suffix}"] = hits / (2 * hits + wrong) + rejections / (2 * rejections + wrong)
        return found

    return bootstrap([ranked, judged], labels, each, steps=ranking.steps, resamples=resamples, seed=seed)
