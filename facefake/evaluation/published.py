"""Published figures of a study of generated pictures, to set ours beside: ``configs/published/clipping.yaml``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from facefake.config_file import Section, read_yaml, validated
from preprocessing.resources import find_config

Percent = Annotated[float, Field(ge=0, le=100)]

METRICS = ("accuracy", "ap", "macro_f1")
"""What is published, all at a threshold of 0.5 where it needs one."""


class Table(Section):
    """Accuracy and average precision, %, of one strategy on each generator.

    Attributes:
        images: Real and fake training pictures together.
        method: What it is, in the paper's words.
        figures: Accuracy and average precision by generator.
    """

    images: int
    method: str
    figures: dict[str, tuple[Percent, Percent]]


class Mean(Section):
    """A mean over generators, %.

    Attributes:
        strategy: What was trained.
        images: Real and fake training pictures together.
        sets: Generators that the mean is over.
        corruption: What was done to the test pictures, as ``kind:level``; none if clean.
        accuracy: At 0.5.
        ap: Average precision.
        macro_f1: Mean of the F1 of reals and of fakes, at 0.5.
    """

    strategy: str
    images: int
    sets: int
    corruption: str | None = None
    accuracy: Percent
    ap: Percent
    macro_f1: Percent | None = None

    @property
    def figures(self) -> dict[str, float]:
        """Each metric there is, 0..1."""
        found = {name: getattr(self, name) for name in METRICS}
        return {name: round(value / 100, 6) for name, value in found.items() if value is not None}


class Published(Section):
    """All a source says.

    Attributes:
        source: Where the figures are from.
        notes: What to know of them.
        generators: A table for each strategy.
        means: Means over generators: of those tables, and of what the tables are not given for.

    Example:
        >>> load_published("clipping").on("prompt", ["dalle3"])
        {'accuracy': 0.513, 'ap': 0.752}
    """

    source: str
    notes: tuple[str, ...] = ()
    generators: dict[str, Table]
    means: tuple[Mean, ...] = ()

    def on(self, strategy: str, generators: Collection[str]) -> dict[str, float] | None:
        """Mean accuracy and average precision on ``generators``, 0..1; ``None`` unless all of them have figures."""
        table = self.generators.get(strategy)
        if table is None or not generators or not set(generators) <= set(table.figures):
            return None
        accuracy, ap = (sum(table.figures[name][place] for name in generators) / len(generators) for place in (0, 1))
        return {"accuracy": round(accuracy / 100, 6), "ap": round(ap / 100, 6)}

    def mean_over(
        self, strategy: str, generators: Collection[str], merges: Mapping[str, Collection[str]]
    ) -> dict[str, float] | None:
        """As :meth:`on`, but each name of ``merges`` stands for several generators, averaged into one first."""
        found = [self.on(strategy, merges.get(name, (name,))) for name in generators]
        known = [each for each in found if each]
        if not known or len(known) < len(found):
            return None
        return {name: round(sum(each[name] for each in known) / len(known), 6) for name in known[0]}


def load_published(name: str | Path) -> Published:
    """Read such figures.

    Args:
        name: Of a file in ``configs/published/``, or a YAML file.

    Raises:
        FacefakeError: ``config_not_found``, ``config_unknown_key``, ``study_invalid``.
    """
    return validated(Published, read_yaml(find_config(name, "set of published figures", "published"), "study"), "study")
