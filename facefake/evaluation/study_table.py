"""The figures of a study: of each run on each generator, their means, and what several seeds make of them.

``rows`` hold one run (a recipe, a size, a seed) on one generator under one corruption:

* ``recipe``, ``strategy``, ``per_class``, ``seed``, ``corruption`` (null if clean), ``threshold`` (of validation)
* ``generator`` and its ``kind``: a ``generator`` is a method of a test set against the reals that its release says
  belong to it; a ``merge`` is several averaged into one; a ``mean`` is over all of them, merges in the place of their
  parts
* ``generators``: the single ones in it; ``sets``: how many a mean is over, a merge counting as one
* ``reals`` and ``fakes``: scored pictures; ``unread``: pictures that could not be read, which no figure speaks of
* ``metrics``: those of :data:`facefake.evaluation.study_metrics.NAMES`, ``{"value", "low", "high"}`` or null. Bounds
  are a 95 % bootstrap over pictures, or null

``summary`` holds the same over seeds: ``seeds``, and ``metrics`` as their mean with a 95 % interval of Student's t, the
mean ± t(0.975, n - 1) s / sqrt(n), cut at 0 and 1. That speaks of what another seed may give, not of what other
pictures would. Of one seed it is that row. ``paper`` has the published figures that compare with it, ``{"accuracy",
"ap"}``, or null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean, stdev
from typing import Any

import numpy as np

from facefake.evaluation.published import Published
from facefake.evaluation.reals import reals_against
from facefake.evaluation.scores import Flags
from facefake.evaluation.study import Study
from facefake.evaluation.study_metrics import NAMES, figures
from facefake.evaluation.study_scores import PictureScores

MEAN = "mean"

_ONE = ("recipe", "per_class", "corruption", "generator")  # what seeds are seeds of
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One run on all test pictures under one corruption.

    Attributes:
        recipe: Its title.
        strategy: What was trained.
        per_class: Training pictures of each class; ``None`` for all there are.
        seed: Of training.
        threshold: Fixed on validation pictures.
        corruption: As ``kind:level``; ``None`` if clean.
        scores: Of the pictures.
    """

    recipe: str
    strategy: str
    per_class: int | None
    seed: int
    threshold: float
    corruption: str | None
    scores: PictureScores


def make_rows(study: Study, trial: Trial) -> Iterator[_Row]:
    """The rows of one run under one corruption; see the module."""
    scores = trial.scores
    facts = ("recipe", "strategy", "per_class", "seed", "corruption", "threshold")
    about = {name: getattr(trial, name) for name in facts}
    pictures = _generators(scores)

    def averaged(name: str, kind: str, rows: Sequence[_Row]) -> _Row:
        parts = [part for row in rows for part in row["generators"]]
        union = np.any([pictures[part] for part in parts], axis=0)
        return about | _counted(name, kind, parts, scores.take(union)) | {"metrics": _averages(rows)}

    single = {name: about | _measured(name, trial, study, chosen) for name, chosen in pictures.items()}
    merged = {
        name: averaged(name, "merge", [single[part] for part in parts if part in single])
        for name, parts in study.merges.items()
        if any(part in single for part in parts)
    }
    gone = {part for parts in study.merges.values() for part in parts}
    means = [row for row in (*single.values(), *merged.values()) if row["generator"] not in gone]
    without = [row for row in means if row["generator"] not in study.apart]
    yield from (*single.values(), *merged.values())
    if means:
        yield averaged(MEAN, "mean", means) | {"sets": len(means)}
    if without and len(without) < len(means):
        left_out = ", ".join(row["generator"] for row in means if row["generator"] in study.apart)
        yield averaged(f"{MEAN} without {left_out}", "mean", without) | {"sets": len(without)}


def _generators(scores: PictureScores) -> dict[str, Flags]:
    """The pictures of each generator, its fakes and its reals; of two with one name, the set's stands before it."""
    fake = scores.label == 1
    pairs = sorted(set(zip(scores.method[fake], scores.dataset[fake], strict=True)))
    methods = [method for method, _ in pairs]
    found = {}
    for method, dataset in pairs:
        fakes = fake & (scores.method == method) & (scores.dataset == dataset)
        name = f"{dataset}/{method}" if methods.count(method) > 1 else method
        found[name] = fakes | reals_against(fakes, scores.dataset, scores.method, scores.label)
    return found


def _measured(name: str, trial: Trial, study: Study, pictures: Flags) -> _Row:
    of = trial.scores.take(pictures)
    row = _counted(name, "generator", [name], of)
    if not (row["reals"] and row["fakes"]):
        return row | {"metrics": dict.fromkeys(NAMES)}
    scored = of.take(of.scored)
    resamples = 0 if trial.corruption else study.resamples
    found = figures(scored.label, scored.score, trial.threshold, resamples=resamples)
    each = np.arange(len(scored)) if resamples else np.zeros(1, np.int64)
    return row | {"metrics": {metric: interval.stated(each) for metric, interval in found.items()}}


def _counted(name: str, kind: str, generators: Sequence[str], of: PictureScores) -> _Row:
    counts = {what: int((of.scored & (of.label == label)).sum()) for label, what in enumerate(("reals", "fakes"))}
    unread = int((~of.scored).sum())
    return {"generator": name, "kind": kind, "generators": list(generators), "sets": 1, **counts, "unread": unread}


def _averages(rows: Sequence[_Row]) -> dict[str, Any]:
    """The plain mean of each metric; of one that a row has not, there is none."""
    found: dict[str, Any] = {}
    for metric in NAMES:
        values = [row["metrics"][metric]["value"] for row in rows if row["metrics"][metric]]
        whole = len(values) == len(rows)
        found[metric] = {"value": round(mean(values), 6), "low": None, "high": None} if whole else None
    return found


def summarise_rows(study: Study, rows: Sequence[Mapping[str, Any]], published: Published | None) -> list[_Row]:
    """The rows over seeds, with what is published beside them; see the module.

    A mean that lacks a generator which others are over, because one of its sets failed, has no metrics: it would be
    compared with those.
    """
    most: Counter[str] = Counter()
    together: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        most[row["generator"]] = max(most[row["generator"]], len(row["generators"]))
        together.setdefault(tuple(row[name] for name in _ONE), []).append(row)
    return [_summary(study, each, most[each[0]["generator"]], published) for each in together.values()]


def _summary(study: Study, rows: Sequence[Mapping[str, Any]], most: int, published: Published | None) -> _Row:
    first = rows[0]
    whole = all(len(row["generators"]) == most for row in rows)
    return {
        **{name: first[name] for name in first if name not in ("seed", "threshold", "metrics")},
        "seeds": [row["seed"] for row in rows],
        "metrics": {name: _over_seeds([row["metrics"][name] for row in rows]) if whole else None for name in NAMES},
        "paper": _paper(study, first, published) if published else None,
    }


def _over_seeds(found: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    known = [each for each in found if each]
    if len(known) < len(found):
        return None
    if len(known) == 1:
        return dict(known[0])
    low, value, high = student([each["value"] for each in known])
    return {"value": round(value, 6), "low": round(low, 6), "high": round(high, 6)}


def student(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower bound, mean and upper bound of the 95 % t-interval of at least two values of 0..1, cut at 0 and 1.

    Example:
        >>> [round(bound, 4) for bound in student([0.8, 0.82, 0.84])]
        [0.7703, 0.82, 0.8697]
    """
    from scipy.stats import t

    middle = mean(values)
    half = float(t.ppf(0.975, len(values) - 1)) * stdev(values) / sqrt(len(values))
    return max(0.0, middle - half), middle, min(1.0, middle + half)


def _paper(study: Study, row: Mapping[str, Any], published: Published) -> dict[str, float] | None:
    """What is published of the same: for single generators whatever the size, for means of that size and corruption."""
    strategy, clean = row["strategy"], row["corruption"] is None
    images = 2 * row["per_class"] if row["per_class"] else None
    for each in published.means if row["kind"] == "mean" else ():
        same = (each.strategy, each.images, each.corruption) == (strategy, images, row["corruption"])
        if same and each.sets == row["sets"]:
            return each.figures
    # of several sizes beside each other, each would get the figure of one
    if not clean or (row["kind"] == "mean" and len(study.per_class) > 1):
        return None
    parts, whole = row["generators"], row["kind"] != "generator"
    there = {name: [part for part in merged if part in parts] for name, merged in study.merges.items() if whole}
    merges = {name: merged for name, merged in there.items() if merged}
    rest = set(parts) - {part for merged in merges.values() for part in merged}
    return published.mean_over(strategy, [*merges, *rest], merges)
