"""Labelled data sets on their way to scores: which clips, cut by which recipe, and what is listed and not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facefake.cli.options import Process, Source
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.models import Detector
    from facefake.scoring import ClipResult, ScoringRules
    from preprocessing.clip import Clip
    from preprocessing.corruptions import Corruption
    from preprocessing.datasets import Found
    from preprocessing.recipe import Recipe


def default_split(found: Found, asked: tuple[str, ...]) -> Found:
    """The clips of the splits asked for, else of test where the data set has one: never silently training data."""
    from preprocessing.datasets import select

    if not asked and any(clip.split == "test" for clip in found.clips):
        asked = ("test",)
    return select(found, splits=asked)


def dataset_results(
    found: Found,
    detector: Detector,
    recipe: Recipe,
    rules: ScoringRules,
    store: Path,
    process: Process,
    corruption: Corruption | None = None,
    foreign_crops: bool = False,
) -> Iterator[ClipResult]:
    """Extract what the store lacks, then score from it; what the data set lists and lacks follows as errors.

    ``corruption`` is done to the crops as they are scored; one that is done to the frames is part of ``recipe``. With
    ``foreign_crops`` released crops are scored that were cut otherwise than the detector's.
    """
    from facefake.cli.extract import bring_up_to_date
    from facefake.scoring import failed, score_store
    from preprocessing.store import FaceStore

    faces = FaceStore.open_or_create(store, recipe)
    bring_up_to_date(found.clips, faces, recipe, process)
    missing = (failed(clip, _absent(clip)) for clip in found.absent)
    scored = score_store(found.clips, detector, faces, rules=rules, corruption=corruption, foreign_crops=foreign_crops)
    return chain(scored, missing)


def _absent(clip: Clip) -> FacefakeError:
    return FacefakeError(
        "absent",
        f"{clip.path} is on the data set's list and not there.",
        "`facefake datasets check` names all of them.",
    )


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """One data set to score: its clips and the recipe of its crops."""

    source: Source
    found: Found
    recipe: Recipe

    def facts(self, detector: Detector) -> dict[str, Any]:
        """For the settings of results: where it lies, its recipe, what to know of its clips and their crops."""
        from facefake.scoring import crop_notes

        recipe = self.recipe.to_dict()
        notes = [*self.found.notes, *crop_notes(detector.card, recipe)]
        return {"data": str(self.source.root()), "recipe": recipe, "notes": notes}


def labelled_sets(source: Source, splits: tuple[str, ...], recipe: Recipe) -> list[LabelledSet]:
    """The data sets asked for, each with the splits asked for or named with it.

    Raises:
        FacefakeError: What the readers raise, ``split_empty``, ``usage``.
    """
    return [
        LabelledSet(each, default_split(each.found(), splits or own), each.recipe(recipe))
        for each, own in source.each()
    ]
