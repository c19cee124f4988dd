"""A study as one validated config: which recipes are trained, how often, on how much, and what they are tested on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, JsonValue, field_validator, model_validator

from facefake.config_file import Section, parse_override, read_yaml, validated
from facefake.evaluation.suite import Ladder, SuiteSet
from preprocessing.datasets import get_reader
from preprocessing.errors import FacefakeError
from preprocessing.resources import configs_dir, find_config

if TYPE_CHECKING:
    from facefake.training import TrainConfig

Changes = dict[str, JsonValue]
"""Training settings by dotted key, e.g. ``{"trainer.epochs": 20}``."""


class StudyRecipe(Section):
    """A training recipe of a study. In YAML ``image-prompt`` is short for the first key.

    Attributes:
        config: A recipe in ``configs/`` by name, or a YAML file, as ``facefake train --config``.
        name: What the tables call it; by default the config's name without ``image-``.
        training: What is changed in it.
    """

    config: str
    name: str = ""
    training: Changes = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"config": value} if isinstance(value, str) else value

    @property
    def title(self) -> str:
        """What the tables call it.

        Example:
            >>> StudyRecipe(config="image-prompt").title
            'prompt'
        """
        return self.name or Path(self.config).stem.removeprefix("image-")


class Study(Section):
    """A study of whole pictures.

    Each recipe is trained at each size with each seed on the ``train`` split of one data set, its threshold is fixed on
    the ``val`` split, and it is tested on every method of the test sets as one generator, against the reals which the
    release says belong to it.

    Attributes:
        about: In a sentence, what it is for.
        recipes: What is trained.
        train: The training set; both of its splits are used.
        tests: The test sets.
        per_class: Training pictures of each class, and validation pictures at most; null leaves it to the recipe.
        seeds: Of training; they draw its pictures, too.
        training: Changed in every recipe.
        merges: Sets that are averaged into one before the mean over generators, by its name.
        apart: Generators without which the mean is given, too.
        corruptions: Ladders that the test pictures are put under, beside clean.
        published: Figures in ``configs/published/`` to set ours beside.
        resamples: Of the bootstrap for intervals of single runs on clean pictures; 0 for none.

    Example:
        >>> study = Study(recipes=["image-prompt"], train="progan", tests=["ufd"], seeds=[0, 1])
        >>> [run.name for run in study.runs()]
        ['prompt-s0', 'prompt-s1']
    """

    about: str = ""
    recipes: Annotated[tuple[StudyRecipe, ...], Field(min_length=1)]
    train: SuiteSet
    tests: Annotated[tuple[SuiteSet, ...], Field(min_length=1)]
    per_class: Annotated[tuple[Annotated[int, Field(ge=1)] | None, ...], Field(min_length=1)] = (None,)
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**32)], ...], Field(min_length=1)] = (0,)
    training: Changes = Field(default_factory=dict)
    merges: dict[str, Annotated[tuple[str, ...], Field(min_length=2)]] = Field(default_factory=dict)
    apart: tuple[str, ...] = ()
    corruptions: tuple[Ladder, ...] = ()
    published: str | None = None
    resamples: Annotated[int, Field(ge=0)] = 1000

    @field_validator("corruptions", mode="before")
    @classmethod
    def _of_pictures(cls, value: Any) -> Any:
        """There are only whole pictures to corrupt, so no ladder need say where."""
        whole = isinstance(value, list) and all(isinstance(each, dict) and "at" not in each for each in value)
        return [{**each, "at": "crop"} for each in value] if whole else value

    @model_validator(mode="after")
    def _fits(self) -> Study:
        once: list[tuple[str, list[Any]]] = [
            ("recipe", [recipe.title for recipe in self.recipes]),
            ("test set", [each.dataset for each in self.tests]),
            ("size", list(self.per_class)),
            ("seed", list(self.seeds)),
            ("merged set", [part for parts in self.merges.values() for part in parts]),
            ("corruption", [ladder.kind for ladder in self.corruptions]),
        ]
        for what, names in once:
            if twice := next((name for name in names if names.count(name) > 1), None):
                raise ValueError(f"the {what} {twice} stands twice")
        for each in (self.train, *self.tests):
            if not get_reader(each.dataset).pictures:
                raise ValueError(f"{each.dataset} holds no whole pictures, which a study is of")
        for changes in (self.training, *(recipe.training for recipe in self.recipes)):
            if "seed" in changes:
                raise ValueError("training.seed is what seeds are for")
            if "data.per_class" in changes and self.per_class != (None,):
                raise ValueError("training.data.per_class is what per_class is for")
        if any(ladder.at == "frame" for ladder in self.corruptions):
            raise ValueError("pictures are corrupted as they are: leave out `at`")
        return self

    def runs(self) -> Iterator[Run]:
        """Everything that is trained, a recipe at a time."""
        for recipe in self.recipes:
            for size in self.per_class:
                for seed in self.seeds:
                    yield Run(self, recipe, size, seed)

    def changed(self, overrides: Sequence[str] = (), datasets: Sequence[str] = (), seeds: int | None = None) -> Study:
        """The same study, changed.

        Args:
            overrides: ``key=value`` as in the YAML; ``training.key=value`` is for every recipe and outweighs its own.
            datasets: Other test sets, each ``NAME`` or ``NAME:SPLIT``.
            seeds: So many seeds, from 0.

        Raises:
            FacefakeError: ``study_invalid``, ``config_unknown_key``.
        """
        changes = dict(map(_parsed, overrides))
        training = {key.removeprefix("training."): value for key, value in changes.items() if "." in key}
        values = {key: value for key, value in changes.items() if "." not in key}
        values |= {"tests": list(datasets)} if datasets else {}
        values |= {"seeds": list(range(seeds))} if seeds is not None else {}
        changed = validated(Study, self.model_dump(mode="json") | values, "study").model_dump(mode="json")
        for recipe in changed["recipes"]:
            recipe["training"] = {key: value for key, value in recipe["training"].items() if key not in training}
        return validated(Study, changed | {"training": changed["training"] | training}, "study")


@dataclass(frozen=True, slots=True)
class Run:
    """One training of a study.

    Attributes:
        study: Which.
        recipe: What is trained.
        per_class: Training pictures of each class, ``None`` as the recipe says.
        seed: Of training.
    """

    study: Study
    recipe: StudyRecipe
    per_class: int | None
    seed: int

    @property
    def name(self) -> str:
        """Unique within the study; readable and fit for a file's name."""
        size = "" if self.per_class is None else f"-{self.per_class}"
        return f"{self.recipe.title}{size}-s{self.seed}".replace("/", "_")

    def config(self) -> TrainConfig:
        """The whole training config.

        Where sizes are compared, no size is validated on more pictures than it is trained on: labels spent on choosing
        an epoch and a threshold are labels, too.

        Raises:
            FacefakeError: ``config_not_found``, ``config_unknown_key``, ``config_invalid``.
        """
        changes: Mapping[str, Any] = self.study.training | self.recipe.training | {"seed": self.seed}
        if self.per_class is None:
            return self._changed(changes)
        val = self._changed(changes).data.val_per_class or self.per_class
        size = {"data.per_class": self.per_class, "data.val_per_class": min(val, self.per_class)}
        return self._changed({**changes, **size})

    def _changed(self, changes: Mapping[str, Any]) -> TrainConfig:
        from facefake.training.config import load_config

        return load_config(self.recipe.config, [f"{key}={json.dumps(value)}" for key, value in changes.items()])


def load_study(path_or_name: str | Path) -> Study:
    """Read a study.

    Args:
        path_or_name: A YAML file, or the name of one in ``configs/studies/``, e.g. ``few-shot``.

    Raises:
        FacefakeError: ``config_not_found``, ``config_unknown_key`` with the nearest known key, ``study_invalid``.

    Example:
        >>> load_study("generators").train.dataset
        'progan'
    """
    return validated(Study, read_yaml(find_config(path_or_name, "study", "studies"), "study"), "study")


def shipped_studies() -> dict[str, str]:
    """What each study that is shipped is about, by its name."""
    return {path.stem: load_study(path).about for path in sorted((configs_dir() / "studies").glob("*.yaml"))}


def _parsed(override: str) -> tuple[str, Any]:
    key, value = parse_override(override, "study")
    if "." in key and not key.startswith("training."):
        raise FacefakeError("study_invalid", f"{key} is no key of a study", "Training has dotted keys: training.KEY.")
    return key, value
