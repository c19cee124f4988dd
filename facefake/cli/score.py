"""``facefake score``: videos and pictures in, verdicts out; over a labelled set, a report."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facefake.cli.ending import end
from facefake.cli.labelled_sets import dataset_results, labelled_sets
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
from facefake.cli.outputs import keep_apart, keep_out
from facefake.cli.results import Outputs, write_results
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.models import Detector
    from facefake.scoring import ClipResult, ScoringRules
    from preprocessing.recipe import Recipe


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
    from facefake.evaluation.coverage import below
    from facefake.scoring import document_head
    from preprocessing.video import Sampling

    files = (json_file, csv_file, markdown, html)
    keep_apart(files, (*paths, detector_file, source.labels))
    detector = api.load(detector_file, device=process.device)
    recipe = api.recipe_of(detector).with_frames(Sampling.parse(frames), decoder)
    rules = api.rules_of(detector).replaced(pooling=pooling, threshold=threshold, judge_all=no_abstain)
    settings: dict[str, Any] = {"recipe": recipe.to_dict(), **rules.to_dict()}
    results: Iterator[ClipResult]
    if source.datasets:
        sets = labelled_sets(source, splits, recipe)
        for each in sets:
            if each.source.is_release:
                keep_out(each.source.root(), _store(store, each.source, len(sets)), *files)
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
    written = write_results(results, total, document_head(detector.facts(), settings), Outputs(*files))
    end(below(written.scores, min_coverage), written.any_error)
