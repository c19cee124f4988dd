"""What people are told while something takes long."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Say: TypeAlias = Callable[[str], None]
"""Told a sentence at a time."""


def silent(sentence: str) -> None:
    """A :data:`Say` that tells nobody."""
