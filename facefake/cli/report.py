"""``facefake report``: everything that saved scores can tell, without a model and without the videos."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from facefake.cli.ending import end
from facefake.cli.forms import Forms
from facefake.cli.options import Source, min_coverage_option, source_options, split_option
from facefake.cli.outputs import keep_apart
from facefake.cli.report_inputs import Inputs, with_threshold
from preprocessing.errors import FacefakeError


@click.command("report")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "json_file", metavar="FILE", help="Write the report as JSON; - for stdout.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write one row a figure as CSV.")
@click.option("--markdown", "markdown_file", metavar="FILE", help="Write the report as Markdown.")
@click.option("--html", "html_file", metavar="FILE", help="Write the report as one HTML page with plots and pictures.")
@min_coverage_option
@click.option(
    "--validation",
    type=click.Path(path_type=Path),
    help="Scores of validation clips; the threshold is where their false alarms and misses are equally frequent.",
)
@source_options
@split_option
@click.option("--polarity", type=click.Choice(["fake-high", "real-high"]), help="What a high foreign score means.")
@click.option(
    "--protocol", type=click.Path(path_type=Path), help="Protocol of foreign scores, from `facefake datasets protocol`."
)
@click.option("--resamples", type=click.IntRange(1), default=1000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the bootstrap.")
def command(
    files: tuple[Path, ...],
    json_file: str | None,
    csv_file: str | None,
    markdown_file: str | None,
    html_file: str | None,
    min_coverage: float,
    validation: Path | None,
    source: Source,
    splits: tuple[str, ...],
    polarity: str | None,
    protocol: Path | None,
    resamples: int,
    seed: int,
) -> None:
    """Compute every figure anew from saved scores: a report on one detector, a comparison of several.

    FILES are what `facefake score --json` wrote. Files of one detector, say one a data set, make one report. Scores of
    other people's code come as CSV or Parquet with the columns key (the clip's path in the data set) and score, one row
    a clip, or also frame, one row a frame; a clip of the data set without a row counts as missing.

    \b
    facefake report scores.json --html report.html --csv report.csv
    facefake report celebdf.json dfdc.json --validation val.json
    facefake report ours.json theirs.csv --dataset celebdf --data Celeb-DF-v2 --polarity fake-high

    Exit codes: 0 all well, 2 usage, 3 fewer clips than --min-coverage have a score.
    """
    from facefake.evaluation.compare import make_comparison
    from facefake.evaluation.coverage import below
    from facefake.evaluation.provenance import provenance
    from facefake.reporting import check_output, print_report

    outputs = (json_file, csv_file, markdown_file, html_file)
    keep_apart(outputs, (*files, validation, protocol, source.labels))
    for output in outputs:
        if output:
            check_output(output)
    inputs = Inputs(source, splits, polarity, protocol)
    inputs.check([*files, *([validation] if validation else [])])
    detectors = inputs.detectors(files, sys.argv)
    if validation and len(detectors) > 1:
        raise FacefakeError(
            "usage", "--validation fixes the threshold of one detector.", "Report on each detector for itself."
        )
    if validation:
        detectors = [with_threshold(detectors[0], validation, inputs)]
    if len(detectors) == 1:
        document = detectors[0].report(resamples=resamples, seed=seed)
    else:
        made = provenance(sys.argv, {}, files)
        document = make_comparison(detectors, provenance=made, resamples=resamples, seed=seed)
    Forms(json_file, csv_file, markdown_file, html_file).write(document)
    print_report(document)
    short = [
        f"{each.name}: {sentence}" if len(detectors) > 1 else sentence
        for each in detectors
        for sentence in below(each.scores, min_coverage)
    ]
    end(short)
