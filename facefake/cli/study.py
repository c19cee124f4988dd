"""``facefake study``: recipes trained and tested on generated pictures, and one report over them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from facefake._version import __version__
from facefake.cli.ending import end
from facefake.cli.outputs import write_each


def _list_studies() -> None:
    from facefake.evaluation.study import shipped_studies

    for name, about in shipped_studies().items():
        click.echo(f"{name:12}{about}")


def _write(out: Path, report: dict[str, Any]) -> None:
    from facefake.reporting import write_json
    from facefake.reporting.study_csv import write_study_csv
    from facefake.reporting.study_html import write_study_html
    from facefake.reporting.study_markdown import write_study_markdown

    forms: dict[str, Callable[[Path, dict[str, Any]], None]] = {
        "csv": write_study_csv,
        "md": write_study_markdown,
        "json": write_json,
        "html": write_study_html,
    }
    write_each(partial(write, out / f"study.{suffix}", report) for suffix, write in forms.items())
    click.echo(f"written: {', '.join(str(out / f'study.{suffix}') for suffix in forms)}", err=True)


@click.command("study")
@click.argument("name", metavar="[STUDY]", required=False)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="The folder that holds the data sets by their names. [default: $FACEFAKE_DATA, else ./data]",
)
@click.option("--out", type=click.Path(path_type=Path), help="Where to. [default: studies/STUDY]")
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    help="Where detectors, features and scores are kept, which studies may share. "
    "[default: studies/work, or OUT/work if --out is given]",
)
@click.option("--dataset", "datasets", multiple=True, metavar="NAME[:SPLIT]", help="These instead of the test sets.")
@click.option("--seeds", type=click.IntRange(1), metavar="N", help="So many seeds instead of the study's.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one value of the study, or of all training: training.trainer.epochs=2.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ...")
def command(
    name: str | None,
    data: Path | None,
    out: Path | None,
    work: Path | None,
    datasets: tuple[str, ...],
    seeds: int | None,
    overrides: tuple[str, ...],
    device: str,
) -> None:
    """Train recipes, test them on every generator, and set the figures beside the published ones.

    STUDY is a YAML file of yours or one of those shipped; without it they are listed. The training set and the test
    sets are looked for by their names (`facefake datasets` lists them); test sets that are not there are listed as not
    run. What is done is kept: the same command goes on where it was stopped, and detectors, features and scores serve
    every study that asks for the same.

    \b
    facefake study                                              list the studies
    facefake study generators --data sets/                      the 21-generator table
    facefake study few-shot --data sets/ --seeds 3
    facefake study strategies --data sets/ --dataset forensynths --dataset ufd
    facefake study data-size --data sets/ --set training.backbone.name=ViT-B-16-quickgelu

    Written are study.csv (every figure), study.md, study.json and study.html (tables and plots).

    Exit codes: 0 all well, 1 a run, a set or some files failed, 2 usage.
    """
    if name is None:
        _list_studies()
        return
    from facefake.cli.study_run import Place, StudyOutcome, run_study
    from facefake.evaluation.provenance import provenance
    from facefake.evaluation.published import load_published
    from facefake.evaluation.study import load_study
    from facefake.evaluation.study_report import make_study_report
    from facefake.reporting import check_output
    from preprocessing.device import pick_device
    from preprocessing.files import check_writable

    study = load_study(name).changed(overrides, datasets, seeds)
    for run in study.runs():  # hours before the last of them begins
        run.config()
    if study.published:
        load_published(study.published)
    called = Path(name).stem
    work = work or (out / "work" if out else Path("studies") / "work")
    out = out or Path("studies") / called
    check_output(out / "study.json")
    check_writable(work / "runs")
    pick_device(device)
    outcome = StudyOutcome()
    interrupted: KeyboardInterrupt | None = None
    try:
        run_study(study, Place(work, out, device), data, outcome)
    except KeyboardInterrupt as error:
        interrupted = error
        outcome.failed.append("The study was interrupted; the same command goes on with it.")
    if not outcome.rows and not interrupted:
        raise outcome.nothing()
    report = make_study_report(
        called,
        study,
        outcome.rows,
        outcome.runs,
        not_run=outcome.not_run,
        failed=outcome.failed,
        notes=outcome.notes,
        provenance=provenance(sys.argv, {"tool": {"name": "facefake", "version": __version__}}),
    )
    _write(out, report)
    if interrupted:
        raise interrupted
    end([], bool(outcome.failed) or any(row["unread"] for row in outcome.rows))
