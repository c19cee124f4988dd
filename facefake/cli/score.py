"""``facefake score``: videos and pictures in, verdicts out; over a labelled set, a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facefake.cli.options import (
    Process,
    Source,
    decoder_option,
    frames_option,
    min_coverage_option,
    process_options,
    source_options,
    split_option,
)
from facefake.cli.results import Outputs, write_results
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


def file_results(
    paths: tuple[Path, ...],
    labels: Path | None,
    detector: Detector,
    recipe: Recipe,
    rules: ScoringRules,
    process: Process,
) -> tuple[Iterator[ClipResult], int]:
    """Score files and folders as they are named; with the number of results to come."""
    from facefake.api import refusals
    from facefake.scoring import score_clips
    from preprocessing.datasets.folder import from_paths

    clips, refused = from_paths(paths, labels)
    scored = score_clips(
        clips,
        detector,
        recipe,
        rules=rules,
        workers=process.workers,
        timeout=process.timeout,
        device=process.device,
    )
    return chain(refusals(refused), scored), len(clips) + len(refused)


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """One data set to score: its clips and the recipe of its crops."""

    source: Source
    found: Found
    recipe: Recipe

    def facts(self, detector: Detector) -> dict[str, Any]:
        """For the settings of results: where it lies, its recipe, and what a reader must know of its crops."""
        from facefake.scoring import crop_notes

        recipe = self.recipe.to_dict()
        return {"data": str(self.source.root()), "recipe": recipe, "notes": crop_notes(detector.card, recipe)}


def labelled_sets(source: Source, splits: tuple[str, ...], recipe: Recipe) -> list[LabelledSet]:
    """The data sets asked for, each with the splits asked for or named with it.

    Raises:
        FacefakeError: What the readers raise, ``split_empty``, ``usage``.
    """
    return [
        LabelledSet(each, default_split(each.found(), splits or own), each.recipe(recipe))
        for each, own in source.each()
    ]


def _store(store: Path | None, source: Source, sets: int) -> Path:
    """The store of one data set; a folder named for several holds one each."""
    return source.store(store if store is None or sets == 1 else store / source.name)


@click.command("score")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--detector", "detector_file", type=click.Path(path_type=Path), help="A detector file (.safetensors).")
@click.option("--json", "json_file", metavar="FILE", help="Write the results as JSON; - for stdout.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write one row a file as CSV.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write the report as Markdown.")
@click.option("--html", type=click.Path(path_type=Path), help="Write one HTML page: the report, or each clip's people.")
@frames_option
@decoder_option
@click.option("--pooling", help="mean, median, max or top-k over a person's frames. [default: the detector's]")
@click.option("--threshold", type=float, help="Probability from which the verdict is fake. [default: the detector's]")
@click.option("--no-abstain", is_flag=True, help="Judge whoever shows a face, as published protocols do.")
@min_coverage_option
@source_options
@split_option
@click.option("--store", type=click.Path(path_type=Path), help="Face store of a data set. [default: store/NAME]")
@click.option(
    "--foreign-crops", is_flag=True, help="Score crops as released though they are cut otherwise than in training."
)
@process_options
def command(
    paths: tuple[Path, ...],
    detector_file: Path | None,
    json_file: str | None,
    csv_file: Path | None,
    markdown: Path | None,
    html: Path | None,
    frames: str,
    decoder: str,
    pooling: str | None,
    threshold: float | None,
    no_abstain: bool,
    min_coverage: float,
    source: Source,
    splits: tuple[str, ...],
    store: Path | None,
    foreign_crops: bool,
    process: Process,
) -> None:
    """Tell, for each video or picture, whether its faces were forged, and for whom, when, and how sure.

    A file without a usable face is inconclusive, with the reason. One bad file never stops the others. Over a
    labelled data set a report with the video-level AUC follows; `facefake report` computes it again from the JSON.

    \b
    facefake score clip.mp4 --detector detector.safetensors
    facefake score uploads/ --detector FILE --json results.json --csv results.csv
    facefake score videos/ --labels labels.csv --detector FILE
    facefake score --dataset celebdf --data Celeb-DF-v2 --detector FILE --no-abstain
    facefake score --dataset celebdf --dataset dfdc --dataset ffpp:val --data sets/ --detector FILE

    Exit codes: 0 all went well, 1 some files could not be read, 2 usage, 3 fewer labelled clips than --min-coverage
    have a score.
    """
    if detector_file is None:
        raise FacefakeError(
            "usage", "Which detector?", "--detector FILE; `facefake train` makes one, `facefake demo` a toy."
        )
    if bool(paths) == bool(source.datasets):
        raise FacefakeError("usage", "Give either files and folders, or --dataset.", "See facefake score --help.")
    from facefake import api
    from facefake.scoring import document_head
    from preprocessing.video import Sampling

    detector = api.load(detector_file, device=process.device)
    recipe = api.recipe_of(detector).with_frames(Sampling.parse(frames), decoder)
    rules = api.rules_of(detector).replaced(pooling=pooling, threshold=threshold, judge_all=no_abstain)
    settings: dict[str, Any] = {"recipe": recipe.to_dict(), **rules.to_dict()}
    results: Iterator[ClipResult]
    if source.datasets:
        sets = labelled_sets(source, splits, recipe)
        settings["datasets"] = {each.source.name: each.facts(detector) for each in sets}
        total = sum(len(each.found.clips) + len(each.found.absent) for each in sets)
        results = chain.from_iterable(
            dataset_results(
                each.found,
                detector,
                each.recipe,
                rules,
                _store(store, each.source, len(sets)),
                process,
                foreign_crops=foreign_crops,
            )
            for each in sets
        )
    else:
        results, total = file_results(paths, source.labels, detector, recipe, rules, process)
    outputs = Outputs(json_file, csv_file, markdown, html)
    write_results(results, total, document_head(detector.facts(), settings), outputs).exit(min_coverage)
