"""The plots of a report as shapes on a canvas; ``templates/plot.html`` turns them into SVG.

Drawn by hand and not by matplotlib: text stays text, colours are the page's own and so follow its dark mode, and a plot
takes 3 kB where matplotlib's takes 30, which for ten data sets is the difference between a page that opens at once and
one that does not. There is no state and no randomness: the same report gives the same bytes.

Every function takes the lists of a report's ``curves`` and gives ``None`` where there is nothing to draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from facefake.reporting.canvas import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Axis,
    Bar,
    Dot,
    Key,
    Label,
    Plot,
    Shape,
    along,
    deviates,
    even_values,
    linear,
    points,
    ticks_at,
    x_at,
    y_at,
)


def roc(curves: Mapping[str, Mapping[str, Any] | None], metrics: Mapping[str, Any] | None = None) -> Plot | None:
    """Receiver operating characteristic of one or several sets of scores.

    Args:
        curves: Name to ``curves`` of a report's part.
        metrics: Video metrics, to mark TPR at 1 % and 5 % FPR with their intervals.
    """
    known = _known(curves)
    if not known:
        return None
    unit = linear(0, 1)
    lines = tuple(
        Shape(points(curve["roc"]["fpr"], curve["roc"]["tpr"], unit, unit), style)
        for style, curve in enumerate(known.values())
    )
    marked = {0.01: "tpr_at_fpr_1", 0.05: "tpr_at_fpr_5"} if metrics and len(known) == 1 else {}
    found = {fpr: metrics[name] for fpr, name in marked.items() if metrics and metrics[name]}
    dots = tuple(
        Dot(x_at(fpr), y_at(rate["value"]), 0, f"TPR {rate['value']:.3f} at {fpr:.0%} FPR")
        for fpr, rate in found.items()
    )
    whiskers = tuple(
        Shape(f"{x_at(fpr)},{y_at(rate['low'])} {x_at(fpr)},{y_at(rate['high'])}", "whisker")
        for fpr, rate in found.items()
        if rate["low"] is not None
    )
    axis = ticks_at((0, 0.2, 0.4, 0.6, 0.8, 1), unit)
    return Plot(
        "ROC",
        "True positive rate against false positive rate; the diagonal is chance. "
        + ("Dots mark 1 % and 5 % FPR, with intervals." if dots else ""),
        Axis("false positive rate", along(axis, x_at)),
        Axis("true positive rate", along(axis, y_at)),
        guides=(Shape(f"{LEFT},{BOTTOM} {RIGHT},{TOP}", "chance"),),
        lines=lines + whiskers,
        dots=dots,
        legend=_legend(known),
    )


def det(curves: Mapping[str, Mapping[str, Any] | None]) -> Plot | None:
    """Detection error trade-off on normal-deviate axes (Martin et al., Eurospeech 1997).

    A rate of exactly 0 has no place on such axes and lies on the frame; what is beyond the upper ends is cut off there.
    """
    known = _known(curves)
    if not known:
        return None
    weakest = max(min(map(max, curve["det"]["fpr"], curve["det"]["fnr"])) for curve in known.values())
    high = 0.6 if weakest < 0.4 else 0.98
    deviate = deviates(0.0005, high)
    lines = tuple(
        Shape(points(curve["det"]["fpr"], curve["det"]["fnr"], deviate, deviate), style)
        for style, curve in enumerate(known.values())
    )
    rates = (0.001, 0.01, 0.05, 0.1, 0.2, 0.4) if high == 0.6 else (0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9)
    axis = ticks_at(rates, deviate, _percent)
    return Plot(
        "DET",
        "False negative rate against false positive rate on normal-deviate axes, which spread out small rates; "
        "nearer to the lower left is better. On the dotted diagonal both are equal.",
        Axis("false positive rate", along(axis, x_at)),
        Axis("false negative rate", along(axis, y_at)),
        guides=(Shape(f"{LEFT},{BOTTOM} {RIGHT},{TOP}", "equal"),),
        lines=lines,
        legend=_legend(known),
    )


def reliability(curve: Mapping[str, Any] | None) -> Plot | None:
    """How often videos with a given probability are fake, and how many there are."""
    bins = curve["reliability"]["bins"] if curve and curve["reliability"] else []
    if not bins:
        return None
    unit = linear(0, 1)
    most = max(b["count"] for b in bins)
    bars, counts = [], []
    for b in bins:
        left, right, height = x_at(b["low"]), x_at(b["high"]), round(0.22 * (BOTTOM - TOP) * b["count"] / most, 1)
        bars.append(Bar(left, round(BOTTOM - height, 1), round(right - left - 1, 1), height, "count"))
        counts.append(Label(round((left + right) / 2, 1), round(BOTTOM - height - 3, 1), str(b["count"]), "middle"))
    dots = tuple(
        Dot(
            x_at(b["mean"]),
            y_at(b["fakes"]),
            0,
            f"P(fake) {b['low']:.2f} to {b['high']:.2f}: {b['count']} videos, {b['fakes']:.0%} of them fake",
        )
        for b in bins
    )
    axis = ticks_at((0, 0.2, 0.4, 0.6, 0.8, 1), unit)
    return Plot(
        "Reliability",
        "Share of fakes among clips of about the same P(fake); on the diagonal the probability is what it says. "
        "A calibration makes reals and fakes weigh the same: where fakes are more frequent, even a good one lies "
        "above. Grey bars, with figures: how many clips.",
        Axis("P(fake), mean of the bin", along(axis, x_at)),
        Axis("share that is fake", along(axis, y_at)),
        bars=tuple(bars),
        guides=(Shape(f"{LEFT},{BOTTOM} {RIGHT},{TOP}", "chance"),),
        lines=(Shape(points([b["mean"] for b in bins], [b["fakes"] for b in bins], unit, unit), 0),),
        dots=dots,
        labels=tuple(counts),
    )


def distribution(curve: Mapping[str, Any] | None, threshold: float) -> Plot | None:
    """Fakes above the line and reals below it, so that neither hides the other.

    Args:
        curve: ``curves`` of a report's part.
        threshold: Of the probability; drawn where probabilities are.
    """
    if not curve:
        return None
    histogram = curve["histogram"]
    edges, kind = histogram["edges"], "P(fake)" if curve["reliability"] else "score"
    shares = {name: _shares(histogram[name]) for name in ("fake", "real")}
    most = max(*shares["fake"], *shares["real"])
    across = linear(edges[0], edges[-1])
    middle, half = (TOP + BOTTOM) / 2, (BOTTOM - TOP) / 2 - 18
    bars = []
    for name, up in (("fake", 1), ("real", 0)):
        for (low, high), share, count in zip(pairwise(edges), shares[name], histogram[name], strict=True):
            if count:
                height, left = round(half * share / most, 1), x_at(across(low))
                words = f"{kind} {low:.2f} to {high:.2f}: {count} {name}"
                width = round(x_at(across(high)) - left - 0.6, 1)
                bars.append(Bar(left, round(middle - up * height, 1), width, height, name, words))
    guides = [Shape(f"{LEFT},{middle} {RIGHT},{middle}", "base")]
    labels = [Label(LEFT + 6, TOP + 13, "fake"), Label(RIGHT - 6, BOTTOM - 6, "real", "end")]
    words = f"How {kind} is spread among fakes (above the line, hatched) and reals (below, plain)."
    if curve["reliability"]:
        x, right = x_at(threshold), threshold < 0.5
        guides.append(Shape(f"{x},{TOP} {x},{BOTTOM}", "threshold"))
        free = BOTTOM - 6 if threshold < 0.25 else TOP + 13
        labels.append(Label(x + 5 if right else x - 5, free, f"threshold {threshold:.3g}", "start" if right else "end"))
        words += f" Dashed: the threshold, {threshold:.3g}."
    ends = (edges[0], edges[-1])
    axis = ticks_at(
        [ends[0] + (ends[1] - ends[0]) * place / 5 for place in range(6)], across, _short(ends[1] - ends[0])
    )
    top = f"{100 * most:.0f} %"
    return Plot(
        "Scores",
        words,
        Axis(kind, along(axis, x_at)),
        Axis("share of fakes, of reals", ((middle - half, top), (middle, "0"), (middle + half, top))),
        bars=tuple(bars),
        guides=tuple(guides),
        labels=tuple(labels),
    )


def bound(interval: Mapping[str, Any], which: str) -> float:
    """``low`` or ``high`` of an interval; its value where too few source groups give it no bounds.

    Example:
        >>> bound({"value": 0.9, "low": None, "high": None}, "low")
        0.9
    """
    return float(interval["value"] if interval[which] is None else interval[which])


def robustness(rows: Sequence[Mapping[str, Any]]) -> Plot:
    """AUC over the levels of one corruption, a line with its interval band for each data set.

    Args:
        rows: Entries of a report's ``robustness`` that share ``corruption`` and ``at``.
    """
    names = list(dict.fromkeys(level["name"] for row in rows for level in row["levels"]))
    across = linear(-0.4, len(names) - 0.6)
    lows = [bound(level["auc"], "low") for row in rows for level in row["levels"] if level["auc"]]
    bottom = floor_tenth([*lows, 0.5])
    up = linear(bottom, 1)
    areas, lines, dots = [], [], []
    for style, row in enumerate(rows):
        known = [level for level in row["levels"] if level["auc"]]
        places = [names.index(level["name"]) for level in known]
        low, value, high = ([bound(level["auc"], which) for level in known] for which in ("low", "value", "high"))
        areas.append(Shape(points([*places, *places[::-1]], [*low, *high[::-1]], across, up), style))
        lines.append(Shape(points(places, value, across, up), style))
        for place, level in zip(places, known, strict=True):
            words = (
                f"{row['dataset']}, {level['name']}: AUC {level['auc']['value']:.3f}, {_percent(_share(level))} scored"
            )
            dots.append(Dot(x_at(across(place)), y_at(up(level["auc"]["value"])), style, words, _share(level) < 0.99))
    first = rows[0]
    tenths = range(round(10 * bottom), 11)
    return Plot(
        f"{first['corruption']}, at the {first['at']}",
        "AUC over clips with 95 % bands. A hollow dot: fewer than 99 % of the clips were scored there.",
        Axis(first["unit"], along(tuple((across(place), name) for place, name in enumerate(_spaced(names))), x_at)),
        Axis("AUC", along(ticks_at([tenth / 10 for tenth in tenths], up), y_at)),
        guides=(Shape(f"{LEFT},{y_at(up(0.5))} {RIGHT},{y_at(up(0.5))}", "chance"),),
        areas=tuple(areas),
        lines=tuple(lines),
        dots=tuple(dots),
        legend=tuple(Key(row["dataset"], style) for style, row in enumerate(rows)) if len(rows) > 1 else (),
    )


def timeline(people: Mapping[str, Sequence[tuple[float, float]]], unit: str) -> Plot | None:
    """Score of each frame that was looked at, a line a person.

    Args:
        people: Name to (place in the clip, score 0..1) of their frames.
        unit: Of the place: ``seconds``, or ``frame``.
    """
    places = [place for frames in people.values() for place, _ in frames]
    if not places:
        return None
    low, high = min(places), max(places)
    across = linear(low, high) if high > low else linear(low - 1, high + 1)
    share = linear(0, 1)
    lines, dots = [], []
    for style, (name, frames) in enumerate(people.items()):
        lines.append(
            Shape(points([place for place, _ in frames], [score for _, score in frames], across, share), style)
        )
        dots += [
            Dot(x_at(across(place)), y_at(score), style, f"{name}, {unit} {place:g}: {score:.3f}")
            for place, score in frames
        ]
    return Plot(
        "Scores over time",
        "The score of each frame looked at; higher means fake.",
        Axis(unit, along(ticks_at(even_values(low, high), across, "{:g}".format), x_at)),
        Axis("score", along(ticks_at((0, 0.25, 0.5, 0.75, 1), share, "{:g}".format), y_at)),
        lines=tuple(lines),
        dots=tuple(dots),
        legend=tuple(Key(name, style) for style, name in enumerate(people)),
    )


def floor_tenth(values: Iterable[float]) -> float:
    """The tenth at or below the least of ``values``.

    Example:
        >>> floor_tenth([0.5, 0.83]), floor_tenth([0.5, 0.41])
        (0.5, 0.4)
    """
    return int(10 * min(values) + 1e-9) / 10


def _percent(rate: float) -> str:
    return f"{100 * rate:g} %" if rate < 0.99 else f"{100 * rate:.1f} %"


def _known(curves: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Mapping[str, Any]]:
    return {name: curve for name, curve in curves.items() if curve}


def _legend(known: Mapping[str, Any]) -> tuple[Key, ...]:
    return tuple(Key(name, style) for style, name in enumerate(known)) if len(known) > 1 else ()


def _shares(counts: Sequence[float]) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in counts]


def _short(length: float) -> Callable[[float], str]:
    """Text of ticks on an axis of this length: one decimal from 0 to 1, and as many digits as it takes elsewhere."""
    return "{:.1f}".format if length == 1 else "{:.3g}".format


def _share(level: Mapping[str, Any]) -> float:
    coverage = level["coverage"]
    return float(coverage["scored"] / coverage["videos"]) if coverage["videos"] else 0.0


def _spaced(names: Sequence[str], most: int = 6) -> list[str]:
    """Names with every second one blank where they would run into each other."""
    step = -(-len(names) // most)
    return [name if place % step == 0 else "" for place, name in enumerate(names)]
