"""Labelled data sets on their way to scores: which clips, cut by which recipe, and what is listed and not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facefake.cli.options import Process, Source
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.scoring import ClipResult, Examiner
    from preprocessing.clip import Clip
    from preprocessing.corruptions import Corruption
    from preprocessing.datasets import Found
    from preprocessing.recipe import Recipe


def to_score(source: Source, splits: tuple[str, ...]) -> Found:
    """The clips of the splits asked for, else of test where the data set has one: never silently training data.

    Among the ``notes`` on whole pictures is what tells real from fake without a look at one: figures on such pictures
    are the less worth.

    Raises:
        FacefakeError: What the reader raises, ``split_empty``.
    """
    from preprocessing.datasets import select
    from preprocessing.releases.shortcuts import shortcuts

    found = source.found()
    if not splits and any(clip.split == "test" for clip in found.clips):
        splits = ("test",)
    found = select(found, splits=splits)
    sentences = [each.sentence for each in shortcuts(found.clips)] if source.pictures else []
    return replace(found, notes=[*found.notes, *sentences])


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """One data set to score.

    Attributes:
        source: Where it lies.
        found: Its clips, there and absent.
        store: Where faces are kept that are found in it. Whole pictures are read where they lie.
    """

    source: Source
    found: Found
    store: Path

    def __len__(self) -> int:
        return len(self.found.clips) + len(self.found.absent)

    def results(
        self,
        examiner: Examiner,
        process: Process,
        *,
        corruption: Corruption | None = None,
        foreign_crops: bool = False,
        redo: tuple[str, ...] = (),
    ) -> Iterator[ClipResult]:
        """A result for each clip, then an error for each that the data set lists and lacks.

        Args:
            examiner: Whose results. A corruption of the frames is part of its recipe.
            process: How work is spread.
            corruption: What is done to faces as they are scored.
            foreign_crops: Score released crops though they are cut otherwise than the detector's.
            redo: Outcomes of clips to extract again; ``all`` for every clip.

        Raises:
            FacefakeError: What opening the store, extraction and scoring raise; ``usage`` for a corruption of the faces
                where whole pictures are judged.
        """
        from facefake.scoring import failed

        self.check(examiner, foreign_crops=foreign_crops)
        examiner = replace(examiner, recipe=self.recipe(examiner))
        if examiner.recipe.whole:
            results = self._of_pictures(examiner, process, corruption)
        else:
            results = self._of_faces(examiner, process, corruption, foreign_crops, redo)
        return chain(results, (failed(clip, _absent(clip), via=examiner.via) for clip in self.found.absent))

    def check(self, examiner: Examiner, *, foreign_crops: bool = False) -> None:
        """Raise what :meth:`results` would, as far as it can be known without opening a clip.

        Raises:
            FacefakeError: ``crop_mismatch``; what opening the face store raises.
        """
        from preprocessing.files import check_writable
        from preprocessing.store import FaceStore

        recipe = self.recipe(examiner)
        if recipe.whole:
            return
        if not foreign_crops:
            examiner.detector.check_geometry(recipe.geometry)
        if self.store.exists():
            FaceStore.open_or_create(self.store, recipe)
        else:
            check_writable(self.store / "recipe.json")

    def _of_pictures(self, examiner: Examiner, process: Process, corruption: Corruption | None) -> Iterator[ClipResult]:
        from facefake.scoring import score_clips

        if corruption:
            raise FacefakeError(
                "usage",
                f"{self.source.name}: no faces are cut out of whole pictures that {corruption} could be done to.",
                "Do it to the pictures (at: frame).",
            )
        return score_clips(
            self.found.clips,
            examiner.detector,
            examiner.recipe,
            rules=examiner.rules,
            workers=process.workers,
            timeout=process.timeout,
            device=process.device,
            limits=process.limits,
        )

    def _of_faces(
        self,
        examiner: Examiner,
        process: Process,
        corruption: Corruption | None,
        foreign_crops: bool,
        redo: tuple[str, ...],
    ) -> Iterator[ClipResult]:
        """Extract what the store lacks, then score from it."""
        from facefake.cli.extract import bring_up_to_date
        from facefake.scoring import score_store
        from preprocessing.store import FaceStore

        faces = FaceStore.open_or_create(self.store, examiner.recipe)
        bring_up_to_date(self.found.clips, faces, examiner.recipe, process, redo)
        return score_store(
            self.found.clips,
            examiner.detector,
            faces,
            rules=examiner.rules,
            corruption=corruption,
            foreign_crops=foreign_crops,
        )

    def recipe(self, examiner: Examiner) -> Recipe:
        """What becomes of its clips for this examiner.

        Raises:
            FacefakeError: As :meth:`facefake.cli.options.Source.recipe`.
        """
        return self.source.recipe(examiner.recipe)

    def facts(self, examiners: Sequence[Examiner]) -> dict[str, Any]:
        """For the settings of results: where it lies, its recipe, what to know of its clips and their crops.

        The recipe is the first examiner's.
        """
        from facefake.scoring import crop_notes

        recipes = [self.recipe(each).to_dict() for each in examiners]
        notes = [crop_notes(each.detector.card, recipe) for each, recipe in zip(examiners, recipes, strict=True)]
        return {
            "data": str(self.source.root()),
            "recipe": recipes[0],
            "notes": [*self.found.notes, *chain.from_iterable(notes)],
        }


def _absent(clip: Clip) -> FacefakeError:
    return FacefakeError(
        "absent",
        f"{clip.path} is on the data set's list and not there.",
        "`facefake datasets check` names all of them.",
    )


def labelled_sets(source: Source, splits: tuple[str, ...], store: Path | None) -> list[LabelledSet]:
    """The data sets asked for, each with the splits asked for or named with it.

    Args:
        source: Which.
        splits: Splits asked for.
        store: The face store; of several data sets, the folder that holds one each.

    Raises:
        FacefakeError: What the readers raise, ``split_empty``, ``usage``.
    """
    sets = source.each()
    return [
        LabelledSet(
            each,
            to_score(each, splits or own),
            each.store(store) if len(sets) == 1 or store is None else each.store(None, store / each.name),
        )
        for each, own in sets
    ]
