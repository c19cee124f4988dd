"""What a detector has seen of the videos it is scored on, in sentences for a report's reader.

Detector files say what they were trained on, which split chose the checkpoint and which videos calibrated it. Figures
on any of those flatter; so do figures on another release of the same footage.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from facefake.scoring.rules import LAST_EPOCH


@dataclass(frozen=True, slots=True)
class _Seen:
    """One use that was made of a split: by what, of which data sets, and what that does to figures on it."""

    doing: str
    datasets: tuple[str, ...]
    split: str
    effect: str


def leakage(
    detector: Mapping[str, Any] | None,
    scored: Iterable[tuple[str, str | None]],
    related: Mapping[str, Collection[str]],
) -> list[str]:
    """A sentence for each way in which scored videos are not new to the detector.

    Args:
        detector: The ``detector`` of a results document (``training``, ``selection`` and ``calibration`` are read, and
            of a published one ``origin``). ``None`` for scores of foreign code, of which nothing is known: no sentence.
        scored: Data set and split of each scored clip; repetitions and order do not matter.
        related: For each data set those that show the same footage
            (:attr:`preprocessing.datasets.base.Reader.related`); said of one of the two it holds for both.

    Example:
        >>> detector = {"training": {"datasets": ["ffpp"], "split": "train"}}
        >>> leakage(detector, [("ffpp", "test"), ("dfd", "test")], {"ffpp": ["dfd"]})
        ['dfd shows footage of ffpp, which the detector was trained on: it is not unseen data.']
    """
    if detector is None:
        return []
    seen = _seen(detector)
    if not any(each.doing == _TRAINED for each in seen):
        return ["The detector file does not say what it was trained on: whether it has seen these videos is unknown."]
    places = sorted(set(scored), key=lambda place: (place[0], place[1] or ""))
    said = [sentence for place in places for each in seen if (sentence := _on(each, *place))]
    for dataset in sorted({dataset for dataset, _ in places}):
        said += _on_related(seen[0].datasets, dataset, related)
    return said


_TRAINED = "The detector was trained"


def _seen(detector: Mapping[str, Any]) -> list[_Seen]:
    training = detector.get("training") or _published(detector)
    selection = detector.get("selection") or {}
    fitted = (detector.get("calibration") or {}).get("fitted_on") or {}
    trained_on = training.get("datasets", ())
    return [
        _Seen(doing, tuple(datasets), part["split"], effect)
        for part, datasets, doing, effect in (
            (training, trained_on, _TRAINED, "figures on them show what it remembers"),
            # detectors of before the card had a list of its own chose on the data sets they trained on
            (selection, selection.get("datasets") or trained_on, "The checkpoint was chosen", "figures flatter it"),
            (fitted, fitted.get("datasets", ()), "It was calibrated", "its error rates and probabilities flatter it"),
        )
        if part and part.get("metric") != LAST_EPOCH  # nothing was chosen there
    ]


def _published(detector: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a detector was trained on that others published, if that is known."""
    datasets = (detector.get("origin") or {}).get("training_sets")
    return {"datasets": datasets, "split": "train"} if datasets else {}


def _on(seen: _Seen, dataset: str, split: str | None) -> str | None:
    if dataset not in seen.datasets or split not in (seen.split, None):
        return None
    if split is None:
        return (
            f"{seen.doing} on {dataset} {seen.split}, and some of the scored {dataset} videos have no known split: "
            f"where they are the same, {seen.effect}."
        )
    return f"{seen.doing} on {dataset} {split}, of which these videos are: {seen.effect}."


def _on_related(trained_on: Iterable[str], dataset: str, related: Mapping[str, Collection[str]]) -> list[str]:
    return [
        f"{dataset} shows footage of {other}, which the detector was trained on: it is not unseen data."
        for other in trained_on
        if other != dataset and (other in related.get(dataset, ()) or dataset in related.get(other, ()))
    ]
