"""DeLong's test: do two detectors differ in AUC on the same clips?

Each fake has a placement, the share of reals it scores above (half for a tie), and each real the share of fakes that
score above it; both average to the AUC. How the differences between two detectors' placements vary from clip to clip
gives the variance of the difference between their AUCs (DeLong, DeLong & Clarke-Pearson 1988, "Comparing the areas
under two or more correlated receiver operating characteristic curves"). Placements come from midranks, in n log n
(Sun & Xu 2014, "Fast implementation of DeLong's algorithm").

DeLong assumes independent clips. Clips made from one footage are not, and the plain test then finds differences that
are not there. With ``groups`` the placements are summed over each source group first (Obuchowski 1997, "Nonparametric
analysis of clustered ROC curve data"), which only asks the *groups* to be independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike

from facefake.evaluation.metrics.inputs import Floats, Ints, labelled, numbered


@dataclass(frozen=True, slots=True)
class DeLong:
    """Outcome of the test.

    Attributes:
        auc_a: AUC of the first detector.
        auc_b: AUC of the second.
        difference: ``auc_a - auc_b``.
        z: The difference in standard errors, standard normal if the AUCs are equal. NaN where there is no standard
            error: with fewer than two groups that hold a real, or that hold a fake, or where the difference is the
            same for every clip and yet not zero.
        p: Two-sided p-value, 0..1; NaN as ``z``.
    """

    auc_a: float
    auc_b: float
    difference: float
    z: float
    p: float


def delong(labels: ArrayLike, a: ArrayLike, b: ArrayLike, groups: ArrayLike | None = None) -> DeLong:
    """Test whether detectors ``a`` and ``b`` have the same AUC.

    Args:
        labels: Real 0, fake 1, (n,).
        a: Scores of one detector, higher means fake, (n,).
        b: Scores of the other on the same clips, (n,).
        groups: The source group of each clip, (n,) int; clips are taken as independent if not given.

    Raises:
        FacefakeError: As :func:`facefake.evaluation.metrics.auc`.

    Example:
        >>> delong([0, 0, 1, 1], [1, 2, 3, 4], [1, 3, 2, 4]).difference
        0.25
    """
    (y, first), (_, second) = labelled(labels, a), labelled(labels, b)
    one, other = _placements(y, first), _placements(y, second)
    auc_a, auc_b = (float(placement[y == 1].mean()) for placement in (one, other))
    error = _standard_error(y, one - other, numbered(groups, len(y)))
    z, p = _test(auc_a - auc_b, error)
    return DeLong(auc_a, auc_b, auc_a - auc_b, z, p)


def _placements(y: Ints, scores: Floats) -> Floats:
    """For each fake the share of reals below it, for each real the share of fakes above it, ties half, (n,)."""
    from scipy.stats import rankdata

    fake = y == 1
    among_all = rankdata(scores)
    below = np.empty(len(y))  # rows of the other class below, ties half
    below[fake] = among_all[fake] - rankdata(scores[fake])
    below[~fake] = among_all[~fake] - rankdata(scores[~fake])
    reals, fakes = np.count_nonzero(~fake), np.count_nonzero(fake)
    return np.where(fake, below / reals, 1 - below / fakes)


def _standard_error(y: Ints, placements: Floats, groups: Ints) -> float:
    """Standard error of the mean placement, Obuchowski 1997; it is DeLong's where each row is a group."""
    deviations = []
    for label in (1, 0):
        rows = y == label
        count = len(np.unique(groups[rows]))
        if count < 2:
            return nan
        centred = placements[rows] - placements[rows].mean()
        total = np.bincount(groups[rows], weights=centred, minlength=groups.max() + 1) / rows.sum()
        deviations.append((total, count / (count - 1)))
    (fakes, of_fakes), (reals, of_reals) = deviations
    count = len(fakes)
    variance = of_fakes * fakes @ fakes + of_reals * reals @ reals + 2 * count / (count - 1) * fakes @ reals
    return sqrt(max(float(variance), 0.0))


def _test(difference: float, error: float) -> tuple[float, float]:
    """z and the two-sided p-value."""
    from scipy.special import ndtr

    if difference == 0 and error == 0:
        return 0.0, 1.0
    z = difference / error if error else nan
    return z, float(2 * ndtr(-abs(z)))
