"""The plain values in what training code saved beside its tensors: settings, epochs, figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from facefake.opening.pickles import Inert

_DEEPEST: Final = 16  # objects of training code do hold one another
_MOST: Final = 300_000  # values: few bytes can unfold into any number


def plain(value: Any) -> Any:
    """``value`` as nested dicts, lists, text, numbers, truth values and ``None``, which stands for all else.

    Raises:
        ValueError: It has no end.

    Example:
        >>> plain({"lr": 0.1, "betas": (0.9, 0.999), "dtype": Inert()})
        {'lr': 0.1, 'betas': [0.9, 0.999], 'dtype': None}
    """
    return _plain(value, iter(range(_MOST)), _DEEPEST)


def _plain(value: Any, steps: Iterator[int], levels: int) -> Any:
    if next(steps, None) is None:
        raise ValueError("its values hold one another without end")
    if not levels:
        return None
    if isinstance(value, Inert):
        return _plain(value.value(), steps, levels - 1)
    if isinstance(value, Mapping):
        named = {str(key): each for key, each in value.items() if isinstance(key, str | int | float)}
        return {key: _plain(each, steps, levels - 1) for key, each in named.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, steps, levels - 1) for each in value]
    return value if isinstance(value, bool | int | float | str) else None
