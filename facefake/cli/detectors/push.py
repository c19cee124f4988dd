"""``facefake detectors push``: a detector of one's own, ready for others."""

from __future__ import annotations

from pathlib import Path

import click

from facefake.cli.outputs import keep_apart


@click.command("push")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write: the detector file and its model card.",
)
@click.option("--title", help="Of the model card. [default: made of the file's name]")
@click.option("--licence", metavar="SPDX", help="Terms of the weights, e.g. Apache-2.0.")
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Test figures for the card: JSON of `score`, `report` or `evaluate` on labelled clips.",
)
@click.option(
    "--repository", metavar="ORG/NAME", help="Also upload it there, on the Hugging Face hub; new ones are private."
)
def command(
    file: Path, folder: Path, title: str | None, licence: str | None, report: Path | None, repository: str | None
) -> None:
    """Write a folder that others can use: the detector FILE, byte for byte, and a model card of what it says of itself.

    The card says what it was trained on, how the checkpoint was chosen, the figures of --report with their intervals,
    the crop, the limits, the licence, and what it is not to be used for. Nothing is uploaded without --repository.

    \b
    facefake detectors push runs/face-ln-ffpp/detector.safetensors --to my-detector --licence Apache-2.0
    facefake detectors push detector.safetensors --to my-detector --report report.json --repository me/my-detector
    facefake score clip.mp4 --detector hf-hub:me/my-detector
    """
    from facefake.models.file import DETECTOR_FILE
    from facefake.publishing.publication import UNSTATED, prepare
    from facefake.publishing.push import CARD, check_upload, upload, write_folder

    keep_apart([folder / DETECTOR_FILE, folder / CARD], [file, report])
    publication = prepare(file, title=title, licence=licence, repository=repository, report=report)
    if repository:
        check_upload()
    files = write_folder(publication, folder)
    for each in files:
        click.echo(each)
    if publication.licence == UNSTATED:
        click.echo("No licence is stated: nobody may use it without asking. --licence states one.", err=True)
    if publication.report is None:
        click.echo("The card has no test figures: --report FILE adds them.", err=True)
    if Path(publication.card.backbone.weights).is_absolute():
        click.echo(f"The file names its base by a path of this machine: {publication.card.backbone.weights}", err=True)
    if repository:
        click.echo(upload(files, repository))
