"""Frame scores to one score for a person, and people's scores to one for the clip.

Rules, all on one person's frame scores, P(fake) in 0..1:

========== =====================================================================================================
``mean``   The published protocol: mean softmax P(fake) over the sampled frames (GenD, WACV 2026).
``median`` Shrugs off a few bad crops, and also a forgery shorter than half of the clip.
``max``    One frame decides: for forgeries that last a moment, at the price of false alarms.
``top-k``  Mean of the highest quarter of the frames (rounded up); ``top-3`` and so on: of the highest three.
========== =====================================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from preprocessing.errors import FacefakeError

RULES = ("mean", "median", "max", "top-k")
_TOP = re.compile(r"top-(k|[1-9]\d{0,5})")


def check_rule(rule: str) -> str:
    """Return ``rule`` if it is one of :data:`RULES` or ``top-<number>``.

    Raises:
        FacefakeError: ``config_invalid`` for any other text.

    Example:
        >>> check_rule("top-3")
        'top-3'
    """
    if rule in RULES or _TOP.fullmatch(rule):
        return rule
    raise FacefakeError(
        "config_invalid", f"there is no pooling rule {rule!r}", f"Use one of {', '.join(RULES)}, or top-3 and the like."
    )


def pool(scores: ArrayLike, rule: str = "mean") -> float:
    """One person's score from the scores of their frames.

    Args:
        scores: Frame scores, shape (n,), n >= 1, P(fake) in 0..1. Their order does not matter.
        rule: See the module.

    Returns:
        A score in 0..1, between the smallest and the largest of ``scores``.

    Raises:
        FacefakeError: ``scores_invalid`` if there are none or one is not a number in 0..1; ``config_invalid`` for an
            unknown rule.

    Example:
        >>> pool([0.0, 0.5, 1.0, 1.0]), pool([0.0, 0.5, 1.0, 1.0], "top-3")
        (0.625, 0.8333333333333334)
    """
    top = _TOP.fullmatch(check_rule(rule))
    values = np.sort(checked(scores))
    if top:
        k = -(-len(values) // 4) if top[1] == "k" else int(top[1])
        values = values[-k:]
        rule = "mean"
    pooled = _BASIC[rule](values)
    # a sum of floats may end a hair outside of what was summed
    return float(np.clip(pooled, values[0], values[-1]))


def pool_people(scores: Sequence[float]) -> float:
    """The clip's score: its most suspicious person's.

    One forged face makes a clip forged, however many people stand beside it.

    Raises:
        FacefakeError: ``scores_invalid`` as for :func:`pool`.

    Example:
        >>> pool_people([0.1, 0.8])
        0.8
    """
    return float(checked(scores).max())


def checked(scores: ArrayLike) -> NDArray[np.float64]:
    """``scores`` as a float64 array of shape (n,), n >= 1, all in 0..1.

    Raises:
        FacefakeError: ``scores_invalid`` otherwise.
    """
    values = np.asarray(scores, dtype=np.float64)
    # written so that NaN, which compares false with everything, fails too
    if values.ndim != 1 or not values.size or not bool(np.all((values >= 0) & (values <= 1))):
        raise FacefakeError(
            "scores_invalid",
            f"frame scores must be a list of numbers from 0 to 1, got shape {values.shape}"
            + (f" from {values.min()} to {values.max()}" if values.size else ""),
            "The detector file may be damaged, or half precision overflowed: try another file or float32.",
        )
    return values


_BASIC: dict[str, Callable[[NDArray[np.float64]], np.floating]] = {
    "mean": np.mean,
    "median": np.median,
    "max": np.max,
}
