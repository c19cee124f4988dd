"""The plots of a study as shapes on a canvas, see :mod:`facefake.reporting.plots`.

A recipe has one colour in all of them, that of its place in the study.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

from facefake.reporting.canvas import (
    FRAME,
    Axis,
    Bar,
    Dot,
    Frame,
    Key,
    Label,
    Plot,
    Scale,
    Shape,
    along,
    linear,
    points,
    ticks_at,
    x_at,
    y_at,
)
from facefake.reporting.plots import bound, floor_tenth
from facefake.reporting.study_tables import (
    OVERVIEW,
    TITLES,
    Row,
    largest,
    levels,
    lines,
    means,
    percents,
    recipes,
    size_words,
    sizes,
)
from preprocessing.corruptions import KINDS

_LANE, _GAP, _RADIUS = 6, 8, 3  # pixels: a recipe's lane, what is between two generators, a dot in a lane


def generators(report: Mapping[str, Any]) -> list[Plot]:
    """Each metric compared on every generator, with intervals and the paper's marks; recipes at their largest size."""
    return [plot for metric in OVERVIEW if (plot := _generators(report, metric))]


def over_sizes(report: Mapping[str, Any]) -> list[Plot]:
    """Each metric's mean over generators against the number of training pictures; none for a single size."""
    there = [size for size in sizes(report) if size is not None]
    if len(there) < 2 or len(report["study"]["per_class"]) < 2:  # recipes may bring sizes of their own
        return []
    images = [2 * size for size in there]
    scale = linear(log10(images[0]) - 0.05, log10(images[-1]) + 0.05)
    ticks = _apart([(scale(log10(count)), size_words(count // 2)) for count in images])
    rows = [_Point(row, scale(log10(2 * row["per_class"]))) for row in means(report) if row["per_class"]]
    published = [
        _Mark(each, scale(log10(each["images"])), size_words(each["images"] // 2))
        for each in _published(report)
        if each["corruption"] is None and images[0] <= each["images"] <= images[-1]
    ]
    axis = Axis("training pictures, real and fake (logarithmic)", along(ticks, x_at))
    return [plot for metric in OVERVIEW if (plot := _curves(report, metric, TITLES[metric], axis, rows, published))]


def over_levels(report: Mapping[str, Any]) -> dict[str, list[Plot]]:
    """By kind of corruption, AP and accuracy against its levels: means, of each recipe at its largest size."""
    return {kind: list(_of_kind(report, kind, names)) for kind, names in levels(report).items()}


def _of_kind(report: Mapping[str, Any], kind: str, names: Sequence[str]) -> Iterator[Plot]:
    place = {name: number for number, name in enumerate((None, *names))}
    scale = linear(-0.3, len(names) + 0.3)
    best = {(row["recipe"], row["per_class"]) for row in largest(report)}
    rows = [
        _Point(row, scale(place[row["corruption"]]))
        for row in report["summary"]
        if row["generator"] == "mean" and row["corruption"] in place and (row["recipe"], row["per_class"]) in best
    ]
    largest_published = {}
    for each in _published(report):
        if each["corruption"] in place and each["images"] >= 100_000:
            largest_published[each["strategy"], each["corruption"]] = each
    published = [_Mark(each, scale(place[name]), name or "clean") for (_, name), each in largest_published.items()]
    words = ["clean", *(name.partition(":")[2] for name in names)]
    ticks = tuple((scale(number), text) for number, text in enumerate(words))
    axis = Axis(f"{KINDS[kind].about}: {KINDS[kind].unit}", along(ticks, x_at))
    for metric in ("ap", "accuracy_val"):
        if plot := _curves(report, metric, f"{KINDS[kind].about}: {TITLES[metric]}", axis, rows, published):
            yield plot


@dataclass(frozen=True, slots=True)
class _Point:
    """A row of the summary at a share, 0..1, of the horizontal axis."""

    row: Row
    across: float


@dataclass(frozen=True, slots=True)
class _Mark:
    """A published mean there, and where that is in words."""

    mean: Mapping[str, Any]
    across: float
    words: str


def _generators(report: Mapping[str, Any], metric: str) -> Plot | None:
    found = lines(report, [row for row in largest(report) if row["metrics"][metric]])
    if not found:
        return None
    names = recipes(report)
    pitch = _LANE * len(names) + _GAP
    bottom = FRAME.top + pitch * len(found)
    frame = Frame(height=bottom + FRAME.height - FRAME.bottom, left=132, bottom=bottom)
    low = _floor(row["metrics"][metric] for line in found for row in line.rows.values())
    across = linear(low, 1)
    bands, labels, dots = [], [], []
    marks: list[Shape] = []
    for place, line in enumerate(found):
        top = frame.top + pitch * place
        if line.kind == "mean":
            bands.append(Bar(frame.left, top, frame.right - frame.left, pitch, "count"))
        labels.append(Label(frame.left - 6, top + pitch / 2 + 4, _short(line.name), "end"))
        for style, name in enumerate(names):
            if name in line.rows:
                y = top + _GAP / 2 + _LANE * (style + 0.5)
                marks += _strokes(line.rows[name], metric, across, frame, y, style)
                value = line.rows[name]["metrics"][metric]
                words = f"{line.name}, {name}: {percents(value)}"
                dots.append(Dot(frame.x_at(across(value["value"])), y, style, words, radius=_RADIUS))
    over_pictures = "With 95 % bootstrap intervals over pictures. " if report["study"]["resamples"] else ""
    between = tuple((frame.top + pitch * place, "") for place in range(1, len(found)))
    return Plot(
        _capital(TITLES[metric]),
        f"{_over_seeds(report) or over_pictures}Upright strokes: the paper's figure, where there is one. "
        "Shaded: means over generators.",
        Axis(f"{TITLES[metric]}, %", along(_percents(low, across), frame.x_at)),
        Axis("", between),
        bars=tuple(bands),
        lines=tuple(marks),
        dots=tuple(dots),
        labels=tuple(labels),
        legend=tuple(Key(name, style, dot=True) for style, name in enumerate(names)),
        frame=frame,
    )


def _strokes(row: Row, metric: str, across: Scale, frame: Frame, y: float, style: int) -> Iterator[Shape]:
    """The interval, lying, and the paper's figure, upright."""
    value, paper = row["metrics"][metric], (row["paper"] or {}).get(metric)
    if value["low"] is not None:
        left, right = (frame.x_at(across(value[which])) for which in ("low", "high"))
        yield Shape(f"{left},{y} {right},{y}", f"stroke s{style}")
    if paper is not None:
        x = frame.x_at(across(paper))
        yield Shape(f"{x},{y - _LANE / 2} {x},{y + _LANE / 2}", f"mark s{style}")


def _curves(
    report: Mapping[str, Any], metric: str, title: str, axis: Axis, rows: Sequence[_Point], published: Sequence[_Mark]
) -> Plot | None:
    """A line a recipe with its interval; a hollow dot for what the paper has of its strategy."""
    known = [point for point in rows if point.row["metrics"][metric]]
    if not known:
        return None
    marks = [mark for mark in published if mark.mean.get(metric) is not None]
    low = _floor(
        [*(point.row["metrics"][metric] for point in known), *({"value": _share(mark, metric)} for mark in marks)]
    )
    up = linear(low, 1)
    names, strategies = recipes(report), {point.row["recipe"]: point.row["strategy"] for point in known}
    areas, drawn_lines, dots = [], [], []
    drawn: set[str] = set()
    for style, name in enumerate(names):
        line = sorted((point for point in known if point.row["recipe"] == name), key=lambda point: point.across)
        places = [point.across for point in line]
        values = [point.row["metrics"][metric] for point in line]
        lows, middles, highs = ([bound(value, which) for value in values] for which in ("low", "value", "high"))
        if lows != highs:
            around = points([*places, *places[::-1]], [*lows, *highs[::-1]], float, up)
            areas.append(Shape(around, style))
        drawn_lines.append(Shape(points(places, middles, float, up), style))
        for mark in marks if strategies.get(name) not in drawn else ():
            if mark.mean["strategy"] == strategies.get(name):
                words = f"the paper, {name}, {mark.words}: {mark.mean[metric]:.1f} over {mark.mean['sets']} sets"
                y = y_at(up(_share(mark, metric)))
                dots.append(Dot(x_at(mark.across), y, style, words, hollow=True))
        drawn.add(strategies.get(name, ""))
        for place, value in zip(places, values, strict=True):
            dots.append(Dot(x_at(place), y_at(up(value["value"])), style, f"{name}: {percents(value)}"))
    hollow = " Hollow: the paper's means, over 20 or 21 sets." if marks else ""
    return Plot(
        _capital(title),
        f"Mean over {known[0].row['sets']} generators. {_over_seeds(report) or 'Single runs.'}{hollow}",
        axis,
        Axis(f"{TITLES[metric] if len(TITLES[metric]) < 20 else 'accuracy'}, %", along(_percents(low, up), y_at)),
        areas=tuple(areas),
        lines=tuple(drawn_lines),
        dots=tuple(dots),
        legend=tuple(Key(name, style) for style, name in enumerate(names)),
    )


def _published(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(report["published"]["means"]) if report["published"] else []


def _share(mark: _Mark, metric: str) -> float:
    return float(mark.mean[metric]) / 100


def _floor(metrics: Iterable[Mapping[str, Any]]) -> float:
    """Where an axis begins: at 0.5, or the tenth below what is lower."""
    return floor_tenth([0.5, *(bound({"low": None, **metric}, "low") for metric in metrics)])


def _percents(low: float, scale: Scale) -> tuple[tuple[float, str], ...]:
    tenths = range(round(10 * low), 11)
    return ticks_at([tenth / 10 for tenth in tenths], scale, lambda value: f"{100 * value:.0f}")


def _apart(ticks: Sequence[tuple[float, str]], least: float = 0.09) -> tuple[tuple[float, str], ...]:
    """Ticks without the texts that would run into the one before; the last one is always written."""
    kept = [ticks[-1]]
    for place, text in reversed(ticks[:-1]):
        written = min(at for at, words in kept if words)
        kept.append((place, text if written - place >= least else ""))
    return tuple(reversed(kept))


def _over_seeds(report: Mapping[str, Any]) -> str:
    most = max((len(row["seeds"]) for row in report["summary"]), default=0)
    return f"With 95 % intervals over {most} seeds (Student's t). " if most > 1 else ""


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _short(name: str, most: int = 21) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
