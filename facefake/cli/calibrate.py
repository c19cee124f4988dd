"""``facefake calibrate``: scores of validation videos in, a detector that gives probabilities out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from facefake.cli.outputs import keep_apart
from facefake.cli.paths import chosen_file

if TYPE_CHECKING:
    from facefake.evaluation.calibrating import Fitted
    from facefake.scoring.calibration import Rate


@click.command("calibrate")
@click.option(
    "--detector",
    metavar="FILE|NAME",
    required=True,
    help="The detector the videos were scored with: a file, a published name, or hf-hub:org/name.",
)
@click.option(
    "--scores",
    "scores_file",
    type=click.Path(path_type=Path),
    required=True,
    help="Results of `facefake score --split val --json`.",
)
@click.option(
    "--method",
    type=click.Choice(["temperature", "sigmoid", "isotonic"]),
    default="sigmoid",
    show_default=True,
    help="temperature: 1 parameter; sigmoid: 2; isotonic: any non-decreasing map, 100 videos of each class.",
)
@click.option(
    "--threshold-rule",
    "rule",
    default="balanced",
    show_default=True,
    help="balanced: the more probable class; eer: equal error rates; fpr:0.01: at most that share of false alarms.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The detector file to write.")
def command(detector: str, scores_file: Path, method: str, rule: str, out: Path) -> None:
    """Make a detector's scores probabilities, on validation videos, and choose its threshold there.

    Real and fake videos weigh the same, however many there are: a probability of 0.8 means that such a score is four
    times as frequent among fakes as among reals. Scores and ranking stay as they are; results keep both.

    The new file has the same tensors and another header, which tells what was fitted, on what, and the error rates at
    the threshold. The old file stays, unless --out names it.

    \b
    facefake score --dataset ffpp --split val --detector detector.safetensors --json val.json
    facefake calibrate --detector detector.safetensors --scores val.json --out calibrated.safetensors
    """
    from facefake._version import __version__
    from facefake.evaluation.calibrating import calibrate, check_origin
    from facefake.evaluation.scores_file import read_scores
    from facefake.models.file import write_card
    from facefake.reporting import check_output

    keep_apart([out], [scores_file])
    check_output(out)
    file = read_scores(scores_file)
    detector_file = chosen_file(detector)
    card = check_origin(file, detector_file)
    fitted = calibrate(file.scores, file.head["detector"]["sha256"], method, rule)  # type: ignore[arg-type]
    changed = {
        "tool_version": __version__,
        "calibration": fitted.calibration,
        "threshold": fitted.threshold,
        "threshold_source": fitted.threshold_source,
    }
    write_card(detector_file, out, card.model_copy(update=changed))
    for line in _summary(fitted):
        click.echo(line, err=True)
    click.echo(f"{out}: calibrated", err=True)


def _summary(fitted: Fitted) -> list[str]:
    on, errors = fitted.calibration.fitted_on, fitted.calibration.errors
    assert on is not None  # calibrate fills both
    assert errors is not None
    rows = (
        ("scores as they were", fitted.before),
        (f"calibrated, out of fold ({errors.folds} folds of source groups)", fitted.out_of_fold),
        ("calibrated, in sample (the videos it was fitted on: flattering)", fitted.in_sample),
    )
    where = f"{' and '.join(on.datasets)} {on.split}"
    return [
        f"{on.real} real and {on.fake} fake videos in {on.groups} source groups of {where}",
        f"{'both classes weighing the same':64} log-loss   Brier     ECE",
        *(f"{name:64} {each.log_loss:8.4f} {each.brier:7.4f} {each.ece:7.4f}" for name, each in rows),
        f"threshold {fitted.threshold:.6g} ({fitted.threshold_source})",
        f"reals called fake, out of fold: {_rate(errors.false_positive)}",
        f"fakes called real, out of fold: {_rate(errors.false_negative)}",
    ]


def _rate(rate: Rate) -> str:
    share, low, high = (f"{100 * value:.2f}" for value in (rate.value, rate.low, rate.high))
    return f"{rate.errors} of {rate.videos}, {share} % (95 %: {low} to {high})"
