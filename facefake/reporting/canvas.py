"""What a plot is made of, in the pixels of a small canvas, and the places of values on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil, floor, log10
from statistics import NormalDist

STYLES = 12  # pairs of colour and dash in the style sheet; the thirteenth line looks like the first

Scale = Callable[[float], float]
Ticks = tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """A canvas of ``width`` by ``height`` pixels, and the rectangle on it that the axes span."""

    width: int = 400
    height: int = 320
    left: int = 56
    right: int = 384
    top: int = 12
    bottom: int = 276

    def x_at(self, share: float) -> float:
        """The pixel of a share, 0..1, of the horizontal axis."""
        return round(self.left + share * (self.right - self.left), 1)

    def y_at(self, share: float) -> float:
        """The pixel of a share, 0..1, of the vertical axis; more is higher up."""
        return round(self.bottom - share * (self.bottom - self.top), 1)


FRAME = Frame()
"""That of most plots."""
LEFT, RIGHT, TOP, BOTTOM = FRAME.left, FRAME.right, FRAME.top, FRAME.bottom
x_at, y_at = FRAME.x_at, FRAME.y_at


@dataclass(frozen=True, slots=True)
class Axis:
    """``label`` and ``ticks``: each the pixel along the axis and its text."""

    label: str
    ticks: Ticks


@dataclass(frozen=True, slots=True)
class Shape:
    """A line or an area: ``points`` as SVG writes them, and the number of its style, or its CSS class by name."""

    points: str
    style: int | str


@dataclass(frozen=True, slots=True)
class Dot:
    """A marked value; ``words`` show when the pointer rests on it. A hollow one is to be read with care."""

    x: float
    y: float
    style: int | str
    words: str
    hollow: bool = False
    radius: float = 4.2


@dataclass(frozen=True, slots=True)
class Bar:
    """A filled rectangle with a CSS class."""

    x: float
    y: float
    width: float
    height: float
    style: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """Words in the plot; ``anchor`` is SVG's ``text-anchor``."""

    x: float
    y: float
    words: str
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of the legend: a line of this style, or a dot."""

    name: str
    style: int
    dot: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot. ``words`` say what it shows, also to those who do not see it; shapes are drawn in this order."""

    title: str
    words: str
    x: Axis
    y: Axis
    bars: tuple[Bar, ...] = ()
    areas: tuple[Shape, ...] = ()
    guides: tuple[Shape, ...] = ()
    lines: tuple[Shape, ...] = ()
    dots: tuple[Dot, ...] = ()
    labels: tuple[Label, ...] = ()
    legend: tuple[Key, ...] = ()
    frame: Frame = FRAME


def linear(low: float, high: float) -> Scale:
    """Shares of an axis from ``low`` to ``high``; what is beyond stays at its ends."""
    return lambda value: min(1.0, max(0.0, (value - low) / ((high - low) or 1.0)))


def deviates(low: float, high: float) -> Scale:
    """Shares of the axis by the normal quantile of a rate; below ``low`` is at ``low``, above ``high`` beyond 1."""
    quantile = NormalDist().inv_cdf
    start, length = quantile(low), quantile(high) - quantile(low)
    return lambda rate: (quantile(min(1 - 1e-6, max(low, rate))) - start) / length


def points(xs: Iterable[float], ys: Iterable[float], across: Scale, up: Scale) -> str:
    """A line through the values, as SVG writes its points."""
    places = [(x_at(across(x)), y_at(up(y))) for x, y in zip(xs, ys, strict=True)]
    # the middle of a straight run adds nothing to see: steps of a curve are mostly such runs
    kept = [
        place
        for number, place in enumerate(places)
        if not 0 < number < len(places) - 1 or not _straight(places[number - 1], place, places[number + 1])
    ]
    return " ".join(f"{x:g},{y:g}" for x, y in kept)


def _straight(before: tuple[float, float], place: tuple[float, float], after: tuple[float, float]) -> bool:
    return before[0] == place[0] == after[0] or before[1] == place[1] == after[1]


def ticks_at(values: Iterable[float], scale: Scale, text: Callable[[float], str] = "{:.1f}".format) -> Ticks:
    """Each value\'s share of an axis and its text."""
    return tuple((scale(value), text(value)) for value in values)


def even_values(low: float, high: float) -> list[float]:
    """At most seven even numbers from ``low`` to ``high``: multiples of 1, 2 or 5 times a power of ten."""
    if high <= low:
        return [low]
    unit = 10.0 ** floor(log10(high - low))
    step = next(unit * part for part in (0.1, 0.2, 0.5, 1) if high - low <= 6 * unit * part or part == 1)
    return [round(step * number, 9) for number in range(ceil(low / step), floor(high / step) + 1)]


def along(ticks: Ticks, place: Scale) -> Ticks:
    """Ticks at the pixels of an axis: ``place`` is :func:`x_at` or :func:`y_at`."""
    return tuple((place(share), text) for share, text in ticks)
