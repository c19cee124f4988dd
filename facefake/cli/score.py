"""``facefake score``: videos and pictures in, verdicts out; over a labelled set, a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facefake.cli.ending import end
from facefake.cli.labelled_sets import labelled_sets
from facefake.cli.options import (
    Process,
    Source,
    decoder_option,
    face_detector_option,
    frames_option,
    min_coverage_option,
    process_options,
    redo_option,
    source_options,
    split_option,
)
from facefake.cli.outputs import keep_apart, keep_out
from facefake.cli.paths import Detectors, detector_options
from facefake.cli.results import Outputs, write_results
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.scoring import ClipResult, Examiner
    from preprocessing.datasets.media import LeftOut


def _of_files(
    paths: tuple[Path, ...], labels: Path | None, examiners: Sequence[Examiner], process: Process
) -> tuple[Iterator[ClipResult], int, list[LeftOut]]:
    """Score files and folders as they are named; with the number of results to come and what is left out."""
    from facefake import api
    from preprocessing.datasets.folder import from_paths

    named = from_paths(paths, labels)
    for note in named.notes:
        click.echo(note, err=True)
    results = api.examine(
        named,
        examiners,
        workers=process.workers,
        timeout=process.timeout,
        device=process.device,
        limits=process.limits,
    )
    return results, len(named.clips) + len(named.refused), named.left_out


def _of_sets(
    source: Source,
    splits: tuple[str, ...],
    store: Path | None,
    examiners: Sequence[Examiner],
    process: Process,
    outputs: Sequence[str | Path | None],
    foreign_crops: bool,
    redo: tuple[str, ...],
) -> tuple[Iterator[ClipResult], int, list[LeftOut], dict[str, Any]]:
    """Score labelled data sets; with the number of results to come, what is left out and what to know of each set."""
    from facefake.scoring import of_paths

    sets = labelled_sets(source, splits, store)
    for each in sets:
        if each.source.is_release:
            keep_out(each.source.root(), each.store, *outputs)
        for examiner in examiners:  # of all sets, before the first takes its hours
            each.check(examiner, foreign_crops=foreign_crops)
    facts = {each.source.name: each.facts(examiners) for each in sets}
    results = chain.from_iterable(
        of_paths([each.results(examiner, process, foreign_crops=foreign_crops, redo=redo) for examiner in examiners])
        for each in sets
    )
    left_out = [other for each in sets for other in each.found.left_out]
    return results, sum(map(len, sets)), left_out, facts


@click.command("score")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@detector_options
@click.option("--json", "json_file", metavar="FILE", help="Write the results as JSON; - for stdout.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write one row a file as CSV.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write the report as Markdown.")
@click.option("--html", type=click.Path(path_type=Path), help="Write one HTML page: the report, or each clip's people.")
@frames_option
@decoder_option
@face_detector_option
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
@redo_option
@process_options
def command(
    paths: tuple[Path, ...],
    detectors: Detectors,
    json_file: str | None,
    csv_file: Path | None,
    markdown: Path | None,
    html: Path | None,
    frames: str,
    decoder: str,
    face_detector: str | None,
    pooling: str | None,
    threshold: float | None,
    no_abstain: bool,
    min_coverage: float,
    source: Source,
    splits: tuple[str, ...],
    store: Path | None,
    foreign_crops: bool,
    redo: tuple[str, ...],
    process: Process,
) -> None:
    """Tell, for each video or picture, whether it was forged, and for whom, when, and how sure.

    A detector of faces says it of the people; a file without a usable face is inconclusive, with the reason. A detector
    of whole pictures judges any picture, and whole frames of a video. With one of each, the more suspicious of both
    speaks for a file, and the other's answer stands beside it.

    One bad file never stops the others. Over a labelled data set a report with the AUC over clips follows;
    `facefake report` computes it again from the JSON.

    \b
    facefake score clip.mp4                     the default, fetched the first time
    facefake score clip.mp4 --detector detector.safetensors
    facefake score clip.mp4 --face-detector onnx:det_10g.onnx
    facefake score picture.jpg --detector ufd-clip-l14
    facefake score uploads/ --detector FACES --detector PICTURES --csv results.csv
    facefake score videos/ --labels labels.csv --detector FILE
    facefake score --dataset celebdf --data Celeb-DF-v2 --detector FILE --no-abstain
    facefake score --dataset celebdf --dataset ffpp:val --data sets/ --detector FILE
    facefake score --dataset forensynths --data sets/ --detector PICTURES

    Exit codes: 0 all went well, 1 some files could not be read, 2 usage, 3 fewer labelled clips than --min-coverage
    have a score.
    """
    if bool(paths) == bool(source.datasets):
        raise FacefakeError("usage", "Give either files and folders, or --dataset.", "See facefake score --help.")
    from facefake.evaluation.coverage import below
    from facefake.registry.entries import DEFAULT
    from facefake.reporting import check_output
    from facefake.scoring import examined_by
    from preprocessing.datasets.media import left_out_facts

    files = (json_file, csv_file, markdown, html)
    keep_apart(files, (*paths, *detectors.detectors, source.labels))
    for each, _ in source.each():
        if each.is_release:
            keep_out(each.root(), *files)
    for file in files:
        if file:
            check_output(file)
    examiners = detectors.examiners(
        frames=frames,
        decoder=decoder,
        device=process.device,
        pooling=pooling,
        threshold=threshold,
        judge_all=no_abstain,
        face_detector=face_detector,
    )
    settings: dict[str, Any] = {} if detectors.detectors else {"default_detector": DEFAULT}
    if process.limits_set:
        settings["limits"] = process.limits_set
    if source.datasets:
        results, total, left_out, facts = _of_sets(
            source, splits, store, examiners, process, files, foreign_crops, redo
        )
        settings["datasets"] = facts
    else:
        results, total, left_out = _of_files(paths, source.labels, examiners, process)
        if notes := [note for each in examiners for note in each.notes()]:
            settings["notes"] = notes
    head = examined_by(examiners, **settings)
    if left_out:
        head["left_out"] = left_out_facts(left_out)
    written = write_results(results, total, head, Outputs(*files))
    end(below(written.scores, min_coverage), written.any_error)
