"""Results of both paths in a report: which detectors gave them, and what of the figures stays meaningful.

A clip's answer is that of the path that speaks (:mod:`facefake.scoring.both`). The paths' scores are on no common
scale, so a report ranks clips by their probabilities; where the paths have thresholds of their own, there is no one
probability from which on a clip is fake, and what needs one is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from facefake.evaluation.scores import Scores


def detectors_in(made: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The detectors that gave results, the face path's first.

    Args:
        made: Their head, or the ``provenance`` of a report on them.

    Example:
        >>> detectors_in({"detector": {"name": "faces"}, "settings": {}})
        [{'name': 'faces'}]
    """
    paths = (made.get("settings") or {}).get("paths") or {}
    if paths:
        return [facts["detector"] for facts in paths.values()]
    return [made["detector"]] if made.get("detector") else []


def thresholds_in(settings: Mapping[str, Any]) -> dict[str, float]:
    """The threshold of each path, if both were asked."""
    return {via: facts["threshold"] for via, facts in (settings.get("paths") or {}).items()}


def on_one_scale(scores: Scores, settings: Mapping[str, Any]) -> Scores:
    """``scores`` with notes on what a report cannot tell of two paths; a mere ranking if their thresholds differ."""
    paths, thresholds = settings.get("paths") or {}, thresholds_in(settings)
    if any(facts["calibration"] for facts in paths.values()):
        note = "Each path has a calibration of its own, in settings.paths; the one stated is the face path's."
        scores = replace(scores, notes=(*scores.notes, note))
    if len(set(thresholds.values())) < 2:
        return scores
    each = " and ".join(f"{value:g} for {via}" for via, value in thresholds.items())
    note = (
        f"Both paths were asked, and each has a threshold of its own ({each}): no one probability divides fakes from "
        "reals, so the scores count as a ranking. Scored with --threshold, both have the same."
    )
    return replace(scores, probability=np.full(len(scores), np.nan), notes=(*scores.notes, note))
