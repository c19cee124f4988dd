"""How metrics fall as the input gets worse: the ``robustness`` of a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facefake.evaluation.coverage import coverage
from facefake.evaluation.metrics import summarise
from facefake.evaluation.scores import Scores
from facefake.evaluation.suite import Ladder
from preprocessing.corruptions import KINDS

CLEAN = "clean"


def robustness_row(
    ladder: Ladder,
    dataset: str,
    clean: Scores,
    corrupted: Sequence[Scores | None],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """One ladder on one data set.

    Args:
        ladder: What was done.
        dataset: Name of the set.
        clean: Scores without any corruption.
        corrupted: Scores at each level of the ladder; ``None`` where they could not be had, which is left out.
        resamples: Bootstrap resamples for the intervals, over source groups.
        seed: Of the bootstrap, the same for every level: those at which the same videos have a score are measured on
            the same resamples.

    Returns:
        ``{"corruption", "at", "unit", "dataset", "levels": [{"level", "name", "auc", "coverage"}]}``. The first level
        is the clean one; its ``level`` is the one that changes nothing, null if the kind has none. ``auc`` is
        ``{"value", "low", "high"}`` over the scored videos, null where these are of one class.
    """
    kind = KINDS[ladder.kind]
    steps: list[tuple[float | None, str, Scores]] = [(kind.neutral, CLEAN, clean)]
    steps += [(level, f"{level:g}", found) for level, found in zip(ladder.levels, corrupted, strict=True) if found]
    return {
        "corruption": kind.name,
        "at": ladder.at,
        "unit": kind.unit,
        "dataset": dataset,
        "levels": [
            {"level": level, "name": name, "auc": _auc(found, resamples, seed), "coverage": coverage(found)}
            for level, name, found in steps
        ],
    }


def _auc(scores: Scores, resamples: int, seed: int) -> dict[str, float | None] | None:
    scored = scores.take(scores.scored)
    if len(np.unique(scored.label)) < 2:
        return None
    interval = summarise(scored.label, scored.score, groups=scored.groups, resamples=resamples, seed=seed)["auc"]
    return interval.stated(scored.groups) if interval else None
