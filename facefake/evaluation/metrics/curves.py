"""Curves of a detector as plain lists, thinned to what a drawing shows: ROC, DET, reliability and histogram.

Real is 0, fake is 1, a higher score means fake.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from facefake.evaluation.metrics.inputs import Floats, Ints, chances, labelled

BINS = 15  # of the reliability diagram and the ECE, as in Guo et al. 2017
_BARS = 40  # of the histogram


def curves(
    labels: ArrayLike, scores: ArrayLike, probabilities: ArrayLike | None = None, points: int = 256
) -> dict[str, Any]:
    """What the plots of a report show, as JSON can hold it.

    Args:
        labels: Real 0, fake 1, (n,).
        scores: Any finite numbers, higher means fake, (n,).
        probabilities: Of being fake, 0..1, (n,). Without them there is no reliability.
        points: Points a curve is thinned to at most, >= 2. Those kept are points of the exact curve, evenly spread
            along the line as it is drawn: on linear axes for the ROC, on normal deviates for the DET.

    Returns:
        ``{"roc": {"fpr", "tpr"}, "det": {"fpr", "fnr"}, "reliability": {"bins"} | None, "histogram": {"edges", "real",
        "fake"}}``. ROC and DET run from the strictest threshold to the loosest. ``bins`` are those of
        :func:`reliability`. The histogram counts probabilities if there are any, else scores.

    Raises:
        FacefakeError: As :func:`facefake.evaluation.metrics.auc`.

    Example:
        >>> curves([0, 1], [0.2, 0.8])["roc"]
        {'fpr': [0.0, 0.0, 1.0], 'tpr': [0.0, 1.0, 1.0]}
    """
    from scipy.special import ndtri
    from sklearn.metrics import roc_curve

    y, s = labelled(labels, scores)
    p = None if probabilities is None else chances(probabilities, len(y))
    fpr, tpr, _ = roc_curve(y, s)
    roc = _spread(fpr, tpr, points)
    # no rate is drawn nearer to 0 or 1 than half a clip
    edge = 0.5 / len(y)
    det = _spread(ndtri(np.clip(fpr, edge, 1 - edge)), ndtri(np.clip(tpr, edge, 1 - edge)), points)
    return {
        "roc": {"fpr": _plain(fpr[roc]), "tpr": _plain(tpr[roc])},
        "det": {"fpr": _plain(fpr[det]), "fnr": _plain(1 - tpr[det])},
        "reliability": None if p is None else {"bins": reliability(y, p)},
        "histogram": _histogram(y, s if p is None else p),
    }


def reliability(labels: Ints, probabilities: Floats) -> list[dict[str, float]]:
    """The reliability diagram (Guo et al. 2017): the bins that hold any row, from low to high.

    Each is ``{"low", "high", "mean", "fakes", "count"}``: its edges, the mean probability in it, the *share* of fakes
    and the number of rows. A detector is calibrated where ``mean`` equals ``fakes``.

    Example:
        >>> reliability(np.array([0, 1]), np.array([0.99, 0.97]))
        [{'low': 0.933333, 'high': 1.0, 'mean': 0.98, 'fakes': 0.5, 'count': 2}]
    """
    which = bin_of(probabilities)
    count = np.bincount(which, minlength=BINS)
    mean = np.bincount(which, weights=probabilities, minlength=BINS)
    fakes = np.bincount(which, weights=labels, minlength=BINS)
    return [
        {
            "low": round(i / BINS, 6),
            "high": round((i + 1) / BINS, 6),
            "mean": round(float(mean[i] / count[i]), 6),
            "fakes": round(float(fakes[i] / count[i]), 6),
            "count": int(count[i]),
        }
        for i in range(BINS)
        if count[i]
    ]


def bin_of(probabilities: Floats) -> Ints:
    """The bin of each probability, 0..14: bin i is (i/15, (i+1)/15], and 0 is in the first.

    Example:
        >>> bin_of(np.array([0.0, 1 / 15, 0.5, 1.0]))
        array([ 0,  0,  7, 14])
    """
    inner = np.arange(1, BINS) / BINS
    return np.asarray(np.searchsorted(inner, probabilities, side="left"), dtype=np.int64)


def _spread(x: Floats, y: Floats, points: int) -> Ints:
    """Which at most ``points`` of a line's corners to keep, evenly along it; its ends are kept."""
    if len(x) <= points:
        return np.arange(len(x))
    way = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))))
    return np.unique(np.searchsorted(way, np.linspace(0, way[-1], points)))


def _histogram(y: Ints, values: Floats) -> dict[str, list[float]]:
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif high - low < (least := 1e-6 * max(abs(low), abs(high))):
        # bars as narrow as such scores lie apart would have no width
        low, high = low - max(0.5, least), high + max(0.5, least)
    edges = np.linspace(low, high, _BARS + 1)
    real, fake = (np.histogram(values[y == label], edges)[0].tolist() for label in (0, 1))
    return {"edges": edges.tolist(), "real": real, "fake": fake}


def _plain(values: Floats) -> list[float]:
    return [float(value) for value in np.round(values, 6)]
