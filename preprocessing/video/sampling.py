"""Which frames of a clip to look at, and in which order."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np

from preprocessing.errors import FacefakeError

Rule = Literal["uniform", "spread", "fps", "keyframes"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """A sampling rule.

    * ``uniform``: ``n`` frames evenly spread from the first to the last.
    * ``spread``: every frame once, each as far as can be from those before it, starting in the middle; who reads stops
      when ``n`` frames have what they were looking for.
    * ``fps``: the first frame at or after each multiple of ``1 / rate`` seconds.
    * ``keyframes``: the frames that decode alone.

    Attributes:
        rule: Name of the rule.
        n: Frames wanted, for ``uniform`` and ``spread``.
        rate: Frames a second, for ``fps``.

    Raises:
        FacefakeError: ``usage`` if the rule is unknown or a number is out of range.

    Example:
        >>> list(Sampling("uniform", n=3).order([0.0, 0.1, 0.2, 0.3, 0.4], [0]))
        [0, 2, 4]
        >>> str(Sampling.parse("fps:0.5"))
        'fps:0.5'
    """

    rule: Rule = "uniform"
    n: int = 32
    rate: float = 1.0

    def __post_init__(self) -> None:
        if self.rule not in get_args(Rule):
            raise _usage(f"unknown sampling rule {self.rule!r}")
        if self.n < 1:
            raise _usage(f"a sampling rule needs at least one frame, not {self.n}")
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise _usage(f"frames a second must be above zero, not {self.rate}")

    @classmethod
    def parse(cls, text: str) -> Sampling:
        """Read ``uniform:32``, ``spread:32``, ``fps:2`` or ``keyframes``; a number left out takes its default."""
        name, colon, number = text.strip().partition(":")
        rule = cast(Rule, name)
        if not colon:
            return cls(rule)
        if name not in get_args(Rule) or name == "keyframes":
            raise _usage(f"no sampling rule reads {text!r}")
        try:
            return cls(rule, rate=float(number)) if name == "fps" else cls(rule, n=int(number))
        except ValueError as error:
            raise _usage(f"{number!r} is no number in the sampling rule {text!r}") from error

    def __str__(self) -> str:
        if self.rule == "keyframes":
            return self.rule
        if self.rule == "fps":
            return f"fps:{int(self.rate) if self.rate.is_integer() else self.rate!r}"
        return f"{self.rule}:{self.n}"

    @property
    def target(self) -> int | None:
        """Number of frames wanted; ``None`` if the rule takes all it proposes."""
        return self.n if self.rule in ("uniform", "spread") else None

    def order(self, times: Sequence[float] | np.ndarray, keyframes: Sequence[int] | np.ndarray) -> Iterator[int]:
        """Indices of the frames to try, each once, in the order to try them.

        Args:
            times: Presentation times of all frames in seconds, ascending.
            keyframes: Indices of the keyframes, ascending.
        """
        count = len(times)
        if self.rule == "uniform":
            return iter(uniform(count, self.n))
        if self.rule == "spread":
            return spread(count)
        if self.rule == "fps":
            return _at_rate(np.asarray(times, dtype=np.float64), self.rate)
        return iter([int(index) for index in keyframes])


def uniform(count: int, n: int) -> list[int]:
    """``n`` indices evenly spread over ``range(count)``, ends included; all of them if there are no more than ``n``.

    Example:
        >>> uniform(10, 4), uniform(3, 32)
        ([0, 3, 6, 9], [0, 1, 2])
    """
    places = np.linspace(0, count - 1, min(n, count))
    return [int(index) for index in np.unique(np.rint(places))]


def spread(count: int) -> Iterator[int]:
    """A permutation of ``range(count)``: from the middle, always the index farthest from all before it.

    Ties go to the smaller index. Each step costs O(log steps), so a long clip costs only what is taken from it.

    Example:
        >>> list(spread(9))
        [4, 0, 8, 2, 6, 1, 3, 5, 7]
    """
    if count < 1:
        return
    middle = count // 2
    yield middle
    # a gap is what lies between two taken indices (or an end of the clip, one step outside): (-distance, index, gap)
    heap: list[tuple[int, int, int, int]] = []
    _push_gap(heap, -1, middle, count)
    _push_gap(heap, middle, count, count)
    while heap:
        _, index, low, high = heapq.heappop(heap)
        yield index
        _push_gap(heap, low, index, count)
        _push_gap(heap, index, high, count)


def _push_gap(heap: list[tuple[int, int, int, int]], low: int, high: int, count: int) -> None:
    """Add the gap strictly between ``low`` and ``high`` with its farthest index, if there is anything in it."""
    if high - low < 2:
        return
    if low < 0:
        index, distance = 0, high
    elif high == count:
        index, distance = count - 1, count - 1 - low
    else:
        index = (low + high) // 2
        distance = index - low
    heapq.heappush(heap, (-distance, index, low, high))


def _at_rate(times: np.ndarray, rate: float) -> Iterator[int]:
    # containers round times to a millisecond at worst, but k / rate is exact: half a microsecond forgives floats only
    slack = 5e-7
    tick, index = 0, -1
    while True:
        index = max(index + 1, int(np.searchsorted(times, tick / rate - slack)))
        if index >= len(times):
            return
        yield index
        # the next multiple that this frame does not satisfy; one frame may stand for many at a high rate
        tick = max(tick, math.floor((times[index] + slack) * rate)) + 1


def _usage(message: str) -> FacefakeError:
    return FacefakeError("usage", message, "Use uniform:N, spread:N, fps:R or keyframes.")
