"""The report over a suite: that on its clean sets, with published figures, robustness, and what was not run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from facefake.cli.suite_run import Bench, SuiteOutcome

if TYPE_CHECKING:
    from facefake.evaluation.scores import Scores
    from facefake.evaluation.suite import Ladder, Suite
    from facefake.models import Detector


def make_suite_report(suite: Suite, outcome: SuiteOutcome, bench: Bench) -> dict[str, Any]:
    """The report over all sets that were scored, with what the suite adds to it."""
    from facefake.evaluation import make_report
    from facefake.evaluation.anchors import anchors
    from facefake.evaluation.provenance import provenance
    from facefake.evaluation.scores import Scores
    from facefake.evaluation.suite import mean_of_others

    head = next(iter(outcome.clean.values())).head
    settings = {
        **bench.examiner.settings(),
        "suite": suite.model_dump(mode="json"),
        "datasets": {name: file.head["settings"]["datasets"][name] for name, file in outcome.clean.items()},
    }
    report = make_report(
        Scores.merged([file.scores for file in outcome.clean.values()]),
        threshold=bench.examiner.rules.threshold,
        threshold_source=bench.examiner.rules.threshold_source,
        calibration=bench.examiner.rules.to_dict()["calibration"],
        provenance=provenance(sys.argv, {**head, "settings": settings}, [file.path for file in outcome.files()]),
    )
    in_domain = [each.dataset for each in suite.sets if each.in_domain and each.dataset in outcome.clean]
    notes = [*outcome.not_run, *outcome.failed]
    if in_domain and report["mean"]:
        report["mean"] = mean_of_others(report, in_domain)
        notes.append(
            f"The mean over data sets is of those that are new to the detector: without {', '.join(in_domain)}."
        )
    if suite.anchors:
        report["anchors"] = anchors(outcome.clean)
        notes += _on_anchors(bench.examiner.detector)
    report["robustness"] = [
        _robustness(ladder, name, file.scores, outcome)
        for ladder in suite.corruptions
        for name, file in outcome.clean.items()
        if any((name, ladder.at, corruption) in outcome.corrupted for corruption in ladder.corruptions)
    ]
    return {**report, "notes": [*notes, *report["notes"]]}


def _robustness(ladder: Ladder, dataset: str, clean: Scores, outcome: SuiteOutcome) -> dict[str, Any]:
    from facefake.evaluation.robustness import robustness_row

    files = [outcome.corrupted.get((dataset, ladder.at, corruption)) for corruption in ladder.corruptions]
    return robustness_row(ladder, dataset, clean, [file.scores if file else None for file in files])


def _on_anchors(detector: Detector) -> Iterator[str]:
    training = detector.card.training
    if training is None or training.datasets != ["ffpp"]:
        trained = f"on {', '.join(training.datasets)}" if training else "nobody says on what"
        yield f"The published detectors were trained on FaceForensics++ c23 alone; this one was trained {trained}."
