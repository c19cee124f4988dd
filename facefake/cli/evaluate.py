"""``facefake evaluate``: a suite of data sets, clean and corrupted, scored in one go, and one report over it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from facefake.cli.ending import end
from facefake.cli.forms import Forms
from facefake.cli.options import Process, face_detector_option, min_coverage_option, process_options
from facefake.cli.paths import chosen_file, with_face_detector
from facefake.cli.suite_report import make_suite_report
from facefake.cli.suite_run import Bench, SuiteOutcome, gather, run

_FORMS = {"json": "json", "csv": "csv", "markdown": "md", "html": "html"}


def _write_report(out: Path, report: dict[str, Any]) -> None:
    from facefake.reporting import print_report

    files = {form: str(out / f"report.{suffix}") for form, suffix in _FORMS.items()}
    Forms(**files).write(report)
    print_report(report)
    click.echo(f"written: {', '.join(files.values())}", err=True)


@click.command("evaluate")
@click.argument("suite_name", metavar="SUITE")
@click.option(
    "--detector",
    required=True,
    metavar="FILE|NAME",
    help="A detector file, a published detector (`facefake detectors` lists them) or hf-hub:org/name.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="The folder that holds the data sets by their names. [default: $FACEFAKE_DATA, else ./data]",
)
@click.option("--dataset", "datasets", multiple=True, metavar="NAME[:SPLIT]", help="These instead of the suite's sets.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to. [default: evaluation/SUITE]")
@click.option(
    "--store",
    "stores",
    type=click.Path(path_type=Path),
    default=Path("store"),
    show_default=True,
    help="The folder that holds a face store for each data set.",
)
@face_detector_option
@click.option("--frames", help="uniform:N, spread:N, fps:R or keyframes. [default: the suite's]")
@click.option("--no-abstain", is_flag=True, help="Judge whoever shows a face, as published protocols do.")
@min_coverage_option
@process_options
def command(
    suite_name: str,
    detector: str,
    data: Path | None,
    datasets: tuple[str, ...],
    out: Path | None,
    stores: Path,
    face_detector: str | None,
    frames: str | None,
    no_abstain: bool,
    min_coverage: float,
    process: Process,
) -> None:
    """Score a whole suite of data sets, clean and corrupted, and write one report over it.

    SUITE is a YAML file of yours or one of those shipped: `cross-dataset`, what a detector trained on FaceForensics++
    makes of everything else, beside the published figures; `robustness`, how far it holds when its input gets worse,
    and `robustness-pictures`, the same of whole pictures.
    Sets that are not there are listed as not run. What was scored before is not scored again.

    \b
    facefake evaluate cross-dataset --detector FILE --data sets/
    facefake evaluate robustness --detector gend-clip-l14 --dataset celebdf --dataset ffpp:val
    facefake evaluate my-suite.yaml --detector FILE --out results

    Exit codes: 0 all well, 1 a set or some files failed, 2 usage, 3 fewer clips than --min-coverage have a score.
    """
    from facefake.evaluation.coverage import below
    from facefake.evaluation.suite import load_suite
    from facefake.hub.resolve import named
    from facefake.reporting import check_output
    from preprocessing.corruptions.reencode import require_encoder
    from preprocessing.faces import find_face_detector
    from preprocessing.video import Sampling

    named(detector)
    suite = load_suite(suite_name)
    suite = suite.with_sets(datasets) if datasets else suite
    for ladder in suite.corruptions:
        require_encoder(ladder.corruptions[0])
    sampling = Sampling.parse(frames or suite.frames)
    looking = find_face_detector(face_detector) if face_detector else None
    out = out or Path("evaluation") / Path(suite_name).stem
    check_output(out / "report.json")
    outcome = SuiteOutcome()
    sets = gather(suite, data, outcome)
    if not sets:
        raise outcome.nothing()

    from facefake import api  # torch, which none of the above needs
    from facefake.scoring import Examiner
    from preprocessing.device import pick_device

    pick_device(process.device)  # before gigabytes are fetched for it
    loaded = api.load(chosen_file(detector), device=process.device)
    examiner = Examiner(
        loaded,
        replace(api.recipe_of(loaded), sampling=sampling),
        api.rules_of(loaded).replaced(judge_all=no_abstain or not suite.abstain),
    )
    if looking:
        (examiner,) = with_face_detector([examiner], *looking)
    bench = Bench(
        examiner=examiner,
        stores=stores,
        out=out,
        process=process,
    )
    interrupted: KeyboardInterrupt | None = None
    try:
        run(suite, bench, sets, outcome)
    except KeyboardInterrupt as error:
        interrupted = error
        outcome.failed.append("The evaluation was interrupted; the same command goes on with it.")
    if not outcome.clean:
        raise interrupted or outcome.nothing()
    report = make_suite_report(suite, outcome, bench)
    _write_report(bench.out, report)
    if interrupted:
        raise interrupted
    short = [sentence for file in outcome.clean.values() for sentence in below(file.scores, min_coverage)]
    end(short, bool(outcome.failed) or any((file.scores.status == "error").any() for file in outcome.files()))
