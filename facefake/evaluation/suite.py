"""An evaluation suite: which sets, under which corruptions, as one validated config read from YAML."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from facefake.config_file import Section, read_yaml, validated
from preprocessing.corruptions import KINDS, Corruption
from preprocessing.datasets import get_reader
from preprocessing.errors import FacefakeError
from preprocessing.resources import find_config

Place = Literal["frame", "crop"]


class SuiteSet(Section):
    """A data set, or a part of it. In YAML ``celebdf`` or ``ffpp:val`` are short for the first two keys.

    Attributes:
        dataset: Name of the reader.
        splits: Splits taken; empty takes test where the set has one, else all.
        methods: Methods taken; empty takes those of the set's protocol.
        compressions: Compressions taken; empty takes all.
        data: The set's top folder; by default it is looked for under its name.
        labels: Labels file, for ``folder`` only.
        in_domain: The detector was trained on this set or on its footage: it stays out of the mean over data sets.
        foreign_crops: Of a set released as face crops, score these though they were cut otherwise than the detector's.
    """

    dataset: str
    splits: tuple[Literal["train", "val", "test"], ...] = ()
    methods: tuple[str, ...] = ()
    compressions: tuple[str, ...] = ()
    data: Path | None = None
    labels: Path | None = None
    in_domain: bool = False
    foreign_crops: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        dataset, colon, split = value.partition(":")
        return {"dataset": dataset, "splits": [split] if colon else []}

    @field_validator("dataset")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            return get_reader(value).name
        except FacefakeError as error:
            raise ValueError(f"{error.message} {error.hint}") from error


class Ladder(Section):
    """One kind of corruption at rising levels.

    Attributes:
        kind: A name of :data:`preprocessing.corruptions.KINDS`.
        levels: From mild to harsh, in the kind's unit.
        at: ``frame``: before faces are looked for, with a face store for each level. ``crop``: on the stored crops, as
            they are scored.
    """

    kind: str
    levels: Annotated[tuple[float, ...], Field(min_length=1)]
    at: Place = "frame"

    @model_validator(mode="after")
    def _exists(self) -> Ladder:
        try:
            corruptions = self.corruptions
        except FacefakeError as error:
            raise ValueError(f"{error.message}. {error.hint}") from error
        if self.at == "crop" and corruptions[0].of == "video":
            pictures = ", ".join(name for name, kind in KINDS.items() if kind.of == "picture")
            raise ValueError(f"{self.kind} is done to videos; at the crop there are {pictures}")
        if len(set(self.levels)) < len(self.levels):
            raise ValueError(f"{self.kind} has a level twice")
        return self

    @property
    def corruptions(self) -> tuple[Corruption, ...]:
        """Each level as a corruption."""
        return tuple(Corruption(self.kind, level) for level in self.levels)


class Suite(Section):
    """An evaluation suite.

    Attributes:
        about: In a sentence, what it is for.
        sets: What is scored, each data set once.
        frames: Sampling rule, as ``--frames``.
        abstain: Whether clips that cannot be judged stay without a score; published protocols score whoever shows a
            face.
        anchors: Whether the report shows published figures on the same sets (:mod:`facefake.evaluation.anchors`).
        corruptions: Ladders that each set is scored under, beside clean.

    Example:
        >>> Suite(sets=["celebdf", "ffpp:val"]).sets[1].splits
        ('val',)
    """

    about: str = ""
    sets: Annotated[tuple[SuiteSet, ...], Field(min_length=1)]
    frames: str = "spread:32"
    abstain: bool = True
    anchors: bool = False
    corruptions: tuple[Ladder, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> Suite:
        names = [each.dataset for each in self.sets]
        ladders = [(ladder.kind, ladder.at) for ladder in self.corruptions]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} stands twice; several splits go into one entry")
        for kind, at in ladders:
            if ladders.count((kind, at)) > 1:
                raise ValueError(f"{kind} at the {at} stands twice; all its levels go into one ladder")
        return self

    def with_sets(self, names: Sequence[str]) -> Suite:
        """The same over other sets, each ``NAME`` or ``NAME:SPLIT``.

        Raises:
            FacefakeError: ``suite_invalid``.
        """
        return parse_suite({**self.model_dump(mode="json"), "sets": list(names)})


def mean_of_others(report: Mapping[str, Any], left_out: Collection[str]) -> dict[str, float | None] | None:
    """The mean of each video metric over a report's data sets without ``left_out``.

    Returns:
        As a report's ``mean``: null for a metric that one of the sets has not, ``None`` with fewer than two sets.
    """
    parts = [part["video"] for name, part in report["datasets"].items() if name not in left_out]
    if len(parts) < 2:
        return None
    means: dict[str, float | None] = {}
    for metric in report["video"]:
        values = [part[metric]["value"] for part in parts if part[metric]]
        means[metric] = round(sum(values) / len(values), 6) if len(values) == len(parts) else None
    return means


def load_suite(path_or_name: str | Path) -> Suite:
    """Read a suite.

    Args:
        path_or_name: A YAML file, or the name of one in ``configs/suites/``, e.g. ``cross-dataset``.

    Raises:
        FacefakeError: ``config_not_found``, ``config_unknown_key`` with the nearest known key, ``suite_invalid``.

    Example:
        >>> load_suite("robustness").corruptions[0].kind
        'jpeg'
    """
    return parse_suite(read_yaml(find_config(path_or_name, "suite", "suites"), "suite"))


def parse_suite(values: Any) -> Suite:
    """Validate plain values.

    Raises:
        FacefakeError: ``config_unknown_key``, ``suite_invalid``.
    """
    if not isinstance(values, dict) or not values.get("sets", True):
        raise FacefakeError(
            "suite_invalid", "The suite names no data set.", "It is a mapping with `sets`, a list such as [celebdf]."
        )
    return validated(Suite, values, "suite")
