"""Several detectors on the same clips: a report on each, and for each two how far their AUCs lie apart.

Compared are the clips that *every* detector has a score for; how many of its own each must leave out for that stands
in ``common``, and how many it had a score for at all in ``detectors``. The difference of two AUCs comes with a paired
bootstrap interval over source groups, and with the z and p of DeLong's test over the same groups.

The comparison is a dictionary of plain values, ready for JSON::

    {"schema": 2, "kind": "comparison", "reports": [report of each],
     "detectors": [{"name", "sha256", "file", "coverage"}],
     "common": {"videos": n, "left_out": [{"detector": i, "videos": k}]},
     "pairs": [{"a": i, "b": j, "dataset": name or null for all, "videos": n,
                "difference": {"value", "low", "high"}, "delong": {"z", "p"}}],     AUC of a minus AUC of b
     "provenance": {...}}

Where only one class is common, there is no difference to give and no entry in ``pairs``. Of a handful of source groups
there is a difference, but neither bounds nor z and p.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from facefake.evaluation.coverage import coverage
from facefake.evaluation.metrics import auc_difference
from facefake.evaluation.metrics.bootstrap import FEWEST_GROUPS
from facefake.evaluation.metrics.delong import delong
from facefake.evaluation.report import DEFAULT_THRESHOLD, SCHEMA, make_report
from facefake.evaluation.scores import Scores
from preprocessing.errors import FacefakeError


@dataclass(frozen=True, slots=True, eq=False)
class Entrant:
    """A detector with its scores, and what a report must know besides.

    Attributes:
        name: What to call it.
        sha256: Of the detector file; ``None`` for scores of foreign code.
        files: Where the scores are from.
        scores: Of all clips, those without a score too.
        threshold: Probability from which on a clip counts as fake.
        threshold_source: Where the threshold is from.
        calibration: How probabilities come from scores.
        protocols: Facts of the protocols the clips are of; ``None``: of the clips themselves.
        provenance: How the scores came about.
    """

    name: str
    sha256: str | None
    files: tuple[Path, ...]
    scores: Scores
    threshold: float = 0.5
    threshold_source: str = DEFAULT_THRESHOLD
    calibration: Mapping[str, Any] | None = None
    protocols: Sequence[Mapping[str, Any]] | None = None
    provenance: Mapping[str, Any] | None = None

    def report(self, *, resamples: int, seed: int) -> dict[str, Any]:
        """The report on its scores."""
        return make_report(
            self.scores,
            threshold=self.threshold,
            threshold_source=self.threshold_source,
            calibration=self.calibration,
            protocols=self.protocols,
            provenance=self.provenance,
            resamples=resamples,
            seed=seed,
        )


def make_comparison(
    entrants: Sequence[Entrant], *, provenance: Mapping[str, Any], resamples: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """Compare two or more detectors; see the module for the form.

    Raises:
        FacefakeError: ``protocol_mismatch`` if no clip has a score of each, or one of them has two labels.
    """
    aligned = _aligned(entrants)
    kept = [_with_common(each, scores) for each, scores in zip(entrants, aligned, strict=True)]
    return {
        "schema": SCHEMA,
        "kind": "comparison",
        "detectors": [
            {
                "name": each.name,
                "sha256": each.sha256,
                "file": ", ".join(map(str, each.files)),
                "coverage": coverage(each.scores),
            }
            for each in entrants
        ],
        "common": {
            "videos": len(aligned[0]),
            "left_out": [
                {"detector": number, "videos": int(each.scores.scored.sum()) - len(aligned[0])}
                for number, each in enumerate(entrants)
            ],
        },
        "pairs": [
            pair
            for a, b in combinations(range(len(entrants)), 2)
            for pair in _pairs(a, b, aligned[a], aligned[b], resamples, seed)
        ],
        "reports": [each.report(resamples=resamples, seed=seed) for each in kept],
        "provenance": dict(provenance),
    }


def _aligned(entrants: Sequence[Entrant]) -> list[Scores]:
    """The scores of the clips that all have scored, in one order and of the same source groups."""
    places: list[dict[tuple[str, str], int]] = []
    for each in entrants:
        rows: dict[tuple[str, str], int] = {}
        for row in np.flatnonzero(each.scores.scored):
            rows.setdefault((each.scores.dataset[row], each.scores.clip[row]), int(row))
        places.append(rows)
    common = [clip for clip in places[0] if all(clip in rows for rows in places[1:])]
    if not common:
        examples = "; ".join(
            f"{each.name} has {' of '.join(reversed(next(iter(rows), ('no data set', 'no clip'))))}"
            for each, rows in zip(entrants, places, strict=True)
        )
        raise FacefakeError(
            "protocol_mismatch",
            f"There is no clip that all {len(entrants)} detectors have a score for: {examples}.",
            "Compare scores of the same data sets. One detector's files of several data sets make one report only if "
            "its settings were the same.",
        )
    aligned = [
        each.scores.take(np.array([rows[clip] for clip in common])) for each, rows in zip(entrants, places, strict=True)
    ]
    for each, scores in zip(entrants, aligned, strict=True):
        if other := np.flatnonzero(scores.label != aligned[0].label).tolist():
            raise FacefakeError(
                "protocol_mismatch",
                f"{len(other)} clips have another label in {each.name} than in {entrants[0].name}, "
                f"{scores.clip[other[0]]} among them.",
                "A label was corrected in between, or one of the two has them reversed: score again.",
            )
    # older files lack the source groups
    columns = zip(*(scores.pair for scores in aligned), strict=True)
    pair = np.array([next((each for each in row if each is not None), None) for row in columns], dtype=object)
    return [replace(scores, pair=pair) for scores in aligned]


def _with_common(entrant: Entrant, common: Scores) -> Entrant:
    counts = coverage(entrant.scores)
    note = (
        f"These are the {len(common)} clips that every detector compared has a score for; of its own "
        f"{counts['videos']}, this one has scored {counts['scored']}."
    )
    return replace(entrant, scores=replace(common, notes=(*common.notes, note)), protocols=None)


def _pairs(a: int, b: int, first: Scores, second: Scores, resamples: int, seed: int) -> Iterator[dict[str, Any]]:
    """The difference over all clips, then, of several data sets, over each."""
    datasets = sorted(set(first.dataset))
    for dataset in (None, *(datasets if len(datasets) > 1 else ())):
        rows = np.ones(len(first), dtype=bool) if dataset is None else np.asarray(first.dataset == dataset, dtype=bool)
        labels, groups = first.label[rows], first.groups[rows]
        if len(set(labels)) < 2:
            continue
        scores = first.score[rows], second.score[rows]
        difference = auc_difference(labels, *scores, groups=groups, resamples=resamples, seed=seed)
        few = len(np.unique(groups)) < FEWEST_GROUPS
        test = delong(labels, *scores, groups)
        yield {
            "a": a,
            "b": b,
            "dataset": dataset,
            "videos": int(rows.sum()),
            "difference": difference.stated(groups),
            "delong": {
                name: None if few or not isfinite(value) else value for name, value in (("z", test.z), ("p", test.p))
            },
        }
