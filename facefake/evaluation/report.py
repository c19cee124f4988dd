"""The report on labelled clips: how well their scores tell real from fake, and everything needed to repeat it.

A report is a dictionary of plain values, ready for JSON, of ``schema`` 2. What it says of all clips together stands at
its top and is a part (:mod:`facefake.evaluation.part`); what it says of each data set is a part in ``datasets``. Beside
them:

* ``mean``: plain mean of each video metric over the data sets, if there are several; null where one of them has none
* ``threshold`` and ``threshold_source``, ``calibration``, ``bootstrap`` (``resamples``, ``seed``, ``unit``)
* ``splits``: clips by data set and split; ``protocols``: which lists those are, with version and hash
* ``leakage``: sentences on training footage among the clips
* ``anchors`` and ``robustness``: filled by the suites of ``facefake evaluate``, else empty
* ``provenance``: see :func:`facefake.evaluation.provenance.provenance`
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from facefake.evaluation.notes import notes_on
from facefake.evaluation.part import Terms, make_part, mean_of
from facefake.evaluation.paths import detectors_in
from facefake.evaluation.scores import Scores
from facefake.scoring.rules import LAST_EPOCH
from preprocessing.errors import FacefakeError

SCHEMA = 2
UNIT = "source group"
DEFAULT_THRESHOLD = "default: the more probable of the two classes"


def make_report(
    scores: Scores,
    *,
    threshold: float = 0.5,
    threshold_source: str = DEFAULT_THRESHOLD,
    calibration: Mapping[str, Any] | None = None,
    protocols: Sequence[Mapping[str, Any]] | None = None,
    provenance: Mapping[str, Any] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Report on ``scores``; see the module for its form.

    Args:
        scores: The clips, at least one.
        threshold: Probability, 0..1, from which on a clip counts as fake.
        threshold_source: Where the threshold is from. It must not come from the clips reported on.
        calibration: How probabilities come from scores, as in a results file's settings.
        protocols: Facts of the protocols the clips are of; :func:`protocols_of` the clips unless given.
        provenance: How the scores came about. Its ``detector`` says what that was trained and chosen on.
        resamples: Bootstrap resamples for the intervals.
        seed: Of the bootstrap.

    Raises:
        FacefakeError: ``labels_missing`` if there is no clip.
    """
    if not len(scores):
        raise FacefakeError(
            "labels_missing",
            "None of the clips has a label, so there is nothing to compare the scores with.",
            "Give --dataset for a known release, or --labels with a CSV of path,label.",
        )
    terms = Terms(threshold, calibration, resamples, seed)
    detectors = detectors_in(provenance or {})
    whole = make_part(scores, terms)
    names = sorted(set(scores.dataset))
    parts = {name: make_part(scores.select(datasets=[name]), terms) for name in names} if len(names) > 1 else {}
    return {
        "schema": SCHEMA,
        "kind": "report",
        **whole,
        "notes": [
            *notes_on(provenance or {}),
            *scores.notes,
            *_of_each(detectors, _on_selection),
            *whole["notes"],
        ],
        "datasets": parts or {names[0]: whole},
        "mean": mean_of([part["video"] for part in parts.values()]) if parts else None,
        "threshold": threshold,
        "threshold_source": threshold_source,
        "calibration": dict(calibration) if calibration else None,
        "bootstrap": {"resamples": resamples, "seed": seed, "unit": UNIT},
        "splits": {name: _splits(scores, name) for name in names},
        "protocols": list(protocols_of(scores) if protocols is None else protocols),
        "leakage": _of_each(detectors, partial(_leakage, scores)),
        "anchors": [],
        "robustness": [],
        "provenance": dict(provenance or {}),
    }


def protocols_of(scores: Scores, versions: Mapping[str, int] | None = None) -> list[dict[str, Any]]:
    """Facts of the protocol that the clips of each data set make up: which they are, by version and hash.

    Args:
        scores: The clips.
        versions: Version of a data set's reader when they were scored, where it is not today's.
    """
    from preprocessing.datasets import READERS
    from preprocessing.releases.protocol import Entry, Protocol

    versions = {name: reader.version for name, reader in READERS.items()} | dict(versions or {})
    found = []
    for name in sorted(set(scores.dataset) & set(versions)):
        part = scores.take(scores.dataset == name)
        rows = zip(part.clip, part.label.tolist(), part.split, part.method, part.pair, part.compression, strict=True)
        # a folder of the user's own may hold one key below two roots
        entries = {row[0]: Entry(*row) for row in rows}
        found.append(Protocol(name, versions[name], tuple(entries.values())).facts())
    return found


def _splits(scores: Scores, dataset: str) -> dict[str, int]:
    splits = Counter(split or "none" for split in scores.split[scores.dataset == dataset])
    return dict(sorted(splits.items()))


def _of_each(detectors: Sequence[Mapping[str, Any]], say: Callable[[Mapping[str, Any]], Iterable[str]]) -> list[str]:
    """What there is to say of each detector, with its name if there are two; files of one name go by their digest."""
    same = len({detector["name"] for detector in detectors}) < len(detectors)
    names = [f"{each['name']} ({str(each.get('sha256'))[:12]})" if same else each["name"] for each in detectors]
    return [
        f"{name}: {sentence}" if len(detectors) > 1 else sentence
        for name, detector in zip(names, detectors, strict=True)
        for sentence in say(detector)
    ]


def _on_selection(detector: Mapping[str, Any]) -> Iterator[str]:
    """How the checkpoint was chosen: one that was chosen on a test set has been told its labels."""
    selection = detector.get("selection")
    if not selection:
        yield "How the checkpoint was chosen is not recorded; if it was on a test set, figures on that are too good."
    elif selection["metric"] == LAST_EPOCH:
        yield "The checkpoint is that of the last epoch: none was chosen."
    elif selection["split"] == "test":
        yield "The checkpoint was chosen on a test split: figures on that split are too good to be believed."
    else:
        metric = "AUC over clips" if selection["metric"] == "video_auc" else selection["metric"]
        yield f"The checkpoint was chosen by {metric} on the {selection['split']} split."


def _leakage(scores: Scores, detector: Mapping[str, Any]) -> list[str]:
    from facefake.evaluation.leakage import leakage
    from preprocessing.datasets import READERS

    if detector.get("foreign"):
        return []
    related = {name: reader.related for name, reader in READERS.items()}
    return leakage(detector, set(zip(scores.dataset, scores.split, strict=True)), related)
