"""What all forms of a report show alike: names of metrics, cells with intervals, coverage, reasons in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from facefake.evaluation.paths import detectors_in
from facefake.scoring.result import ClipResult
from facefake.scoring.verdict import REASONS
from preprocessing.errors import CODES
from preprocessing.text import visible

TITLES = {
    "auc": "AUC",
    "ap": "AP",
    "eer": "EER",
    "accuracy": "accuracy",
    "tpr_at_fpr_0_1": "TPR at 0.1 % FPR",
    "tpr_at_fpr_1": "TPR at 1 % FPR",
    "tpr_at_fpr_5": "TPR at 5 % FPR",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "ECE",
}
"""Metrics in the order they are shown."""

MEANINGS = {
    "auc": "how often a random fake scores higher than a random real video; 0.5 is chance",
    "ap": "average precision: mean precision over recall; depends on the share of fakes",
    "eer": "equal error rate: where as many reals are called fake as fakes real; lower is better",
    "accuracy": "share of right verdicts at the threshold; depends on the share of fakes",
    "tpr_at_fpr_0_1": "share of fakes found when one real in 1000 may be called fake",
    "tpr_at_fpr_1": "share of fakes found when one real in 100 may be called fake",
    "tpr_at_fpr_5": "share of fakes found when one real in 20 may be called fake",
    "log_loss": "mean negative logarithm of the probability given to the truth; lower is better",
    "brier": "mean squared error of the probability; lower is better",
    "ece": "expected calibration error: mean gap between probability and share of fakes; lower is better. Videos "
    "count as they come here, while a calibration makes reals and fakes weigh the same: where one class is more "
    "frequent, ECE, log loss and Brier score are not those of the calibration alone",
}
"""The same metrics in words."""

GROUPS = {"per_method": "method", "per_compression": "compression", "per_people": "people"}
"""The ways a part of a report is divided, and what its rows are called."""

GROUP_NOTES = {
    "per_method": "A method's fakes against the reals of their data sets: all of them, or its own where a release "
    "has such. Coverage is that of its fakes.",
    "per_compression": "Fakes and reals of one compression.",
    "per_people": "By how many people count towards the verdict; only videos with a score have any, and nothing that "
    "is judged whole.",
}
"""What stands against what in them."""

TOGETHER = "all together"

_ORIGIN = ("command", "tool", "detector", "settings", "versions", "inputs")


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """What one source reports of a method: AUC by data set, where from, and what a reader must know of it."""

    method: str
    source: str
    note: str
    values: dict[str, float]


def cell(interval: Mapping[str, float] | None) -> str:
    """A metric with its interval, to three digits.

    Example:
        >>> cell({"value": 0.91234, "low": 0.88, "high": 0.94}), cell(None)
        ('0.912 [0.880, 0.940]', '-')
    """
    if interval is None:
        return "-"
    if interval["low"] is None:
        return f"{interval['value']:.3f}"
    return f"{interval['value']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def coverage_line(coverage: Mapping[str, float]) -> str:
    """How many clips the metrics speak of.

    Example:
        >>> coverage_line({"videos": 4, "scored": 3, "inconclusive": 1, "error": 0, "missing": 0})
        '3 of 4 clips scored (75.0 %), 1 inconclusive, 0 failed'
    """
    missing = f", {coverage['missing']} missing" if coverage["missing"] else ""
    return (
        f"{coverage['scored']} of {coverage['videos']} clips scored ({percent(coverage)}), "
        f"{coverage['inconclusive']} inconclusive, {coverage['error']} failed{missing}"
    )


def percent(coverage: Mapping[str, float]) -> str:
    """The share that was scored; only all of them are 100 %.

    Example:
        >>> percent({"videos": 10000, "scored": 9999}), percent({"videos": 7, "scored": 6}), percent({"videos": 0})
        ('99.9 %', '85.7 %', '-')
    """
    if not coverage["videos"]:
        return "-"
    share = 100 * coverage["scored"] / coverage["videos"]
    return f"{share if share == 100 else min(share, 99.9):.1f} %"


def parts(report: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parts a report consists of: each data set, and where there are several all of them together, first."""
    if len(report["datasets"]) != 1:
        yield TOGETHER, report
    yield from report["datasets"].items()


def origin(document: Mapping[str, Any]) -> dict[str, Any]:
    """How a report or comparison came about, with ``None`` for what nobody wrote down.

    Example:
        >>> origin({"provenance": None})["command"] is None
        True
    """
    return dict.fromkeys(_ORIGIN) | (document["provenance"] or {})


def detector_names(document: Mapping[str, Any]) -> list[str]:
    """What to call each detector; those of a comparison by a letter too, for two of them may have one name.

    Example:
        >>> detector_names({"kind": "comparison", "detectors": [{"name": "x"}, {"name": "x"}]})
        ['A: x', 'B: x']
    """
    if document["kind"] == "comparison":
        return [f"{letter(place)}: {facts['name']}" for place, facts in enumerate(document["detectors"])]
    return [" + ".join(each["name"] for each in detectors_in(origin(document)) if each.get("name"))]


def letter(place: int) -> str:
    """A, B, ... of the detectors of a comparison.

    Example:
        >>> letter(0), letter(26)
        ('A', 'A1')
    """
    return ascii_uppercase[place % 26] + (str(place // 26) if place >= 26 else "")


def pair_name(pair: Mapping[str, Any]) -> str:
    """Which two detectors a difference is of, by their letters.

    Example:
        >>> pair_name({"a": 0, "b": 2})
        'A - C'
    """
    return f"{letter(pair['a'])} - {letter(pair['b'])}"


def difference(interval: Mapping[str, float] | None) -> str:
    """A difference with its interval and signs.

    Example:
        >>> difference({"value": 0.02, "low": -0.01, "high": 0.05})
        '+0.020 [-0.010, +0.050]'
    """
    if interval is None:
        return "-"
    if interval["low"] is None:
        return f"{interval['value']:+.3f}"
    return f"{interval['value']:+.3f} [{interval['low']:+.3f}, {interval['high']:+.3f}]"


def p_value(test: Mapping[str, float | None] | None) -> str:
    """The p of a test.

    Example:
        >>> p_value({"p": 0.0321}), p_value({"p": 1e-9}), p_value(None)
        ('0.032', '< 0.001', '-')
    """
    if test is None or test["p"] is None:
        return "-"
    return "< 0.001" if test["p"] < 0.001 else f"{test['p']:.3f}"


def plain(value: float | None) -> str:
    """A figure that has no interval.

    Example:
        >>> plain(0.91234), plain(None)
        ('0.912', '-')
    """
    return "-" if value is None else f"{value:.3f}"


def anchor_rows(anchors: Sequence[Mapping[str, Any]]) -> list[AnchorRow]:
    """Published AUC values at video level, a row for each method and source: figures of two sources are not mixed.

    Example:
        >>> anchor = {"method": "M", "dataset": "dfdc", "metric": "auc", "level": "video"}
        >>> anchor_rows([anchor | {"value": 0.8, "source": "M, table 2", "note": ""}])[0].values
        {'dfdc': 0.8}
    """
    rows: dict[tuple[str, str, str], AnchorRow] = {}
    for anchor in anchors:
        key = (anchor["method"], anchor["source"], anchor["note"] or "")
        rows.setdefault(key, AnchorRow(*key, {})).values[anchor["dataset"]] = anchor["value"]
    return list(rows.values())


def flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as flat rows.

    Example:
        >>> list(flat({"abstention": {"min_frames": 4}, "seed": None, "datasets": ["ffpp", "dfd"]}))
        [('abstention.min_frames', '4'), ('seed', 'none'), ('datasets', 'ffpp, dfd')]
    """
    if isinstance(value, Mapping):
        for key in value:
            yield from flat(value[key], f"{name}.{key}" if name else str(key))
    elif isinstance(value, (list, tuple)):
        yield name, ", ".join(map(str, value))
    else:
        yield name, "none" if value is None else str(value)


def counted(counts: Mapping[str, int]) -> str:
    """Names and how many of each.

    Example:
        >>> counted({"val": 12, "test": 140})
        'val 12, test 140'
    """
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def split_line(splits: Mapping[str, Mapping[str, int]]) -> str:
    """Which splits the clips of each data set are of, and how many clips.

    Example:
        >>> split_line({"celebdf": {"test": 518}, "dfdc": {"none": 7}})
        'celebdf: test 518; dfdc: none 7'
    """
    return "; ".join(f"{name}: {counted(counts)}" for name, counts in splits.items())


def reason_words(code: str) -> str:
    """Why a clip has no score, in words.

    Example:
        >>> reason_words("no_face")
        'no face was found for certain'
    """
    return REASONS[code].words if code in REASONS else CODES.get(code, "")


def is_absent(result: ClipResult) -> bool:
    """Whether it is of a clip that the data set's lists name and that is not there: counted, but nothing to list."""
    return result.error is not None and result.error.code == "absent"


def why(result: ClipResult) -> str:
    """In plain words why there is no verdict, and what is unusual about the video; empty for most scored clips."""
    if result.error:
        return visible(f"{result.error.message} ({result.error.code})")
    reason = [REASONS[result.reason].words] if result.reason else []
    if result.reason == "decode_shortfall" and result.frames.decoded < result.frames.requested:
        reason = [f"{reason[0]}: {result.frames.decoded} of {result.frames.requested} frames came"]
    notes = result.video.notes if result.video else ()
    return "; ".join([*reason, *(visible(note.rstrip(".")) for note in notes)])
