"""``facefake train``: a data set in, a detector file out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from facefake.cli.options import STORE, Cropping, Process, Source, cropping_options, process_options, source_options

if TYPE_CHECKING:
    from preprocessing.clip import Clip


def _validated(clips: list[Clip]) -> list[Clip]:
    from preprocessing.releases.held_out import with_validation

    held_out = with_validation(clips)
    moved = sum(before.split != after.split for before, after in zip(clips, held_out, strict=True))
    if moved:
        click.echo(f"no val split of real and fake clips: {moved} clips of train are held out as one", err=True)
    return held_out


@click.command("train")
@click.option("--config", default="face-ln", show_default=True, help="A recipe in configs/ by name, or a YAML file.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value, e.g. trainer.epochs=20."
)
@click.option("--out", type=click.Path(path_type=Path), help="The run's folder. [default: runs/CONFIG-DATASET]")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in --out.")
@source_options
@click.option("--store", type=click.Path(path_type=Path), help="The face store. [default: store/NAME]")
@cropping_options
@process_options
def command(
    config: str,
    overrides: tuple[str, ...],
    out: Path | None,
    resume: bool,
    source: Source,
    store: Path | None,
    cropping: Cropping,
    process: Process,
) -> None:
    """Train on the official train split, choose the checkpoint by video-level AUC on the official val split.

    A data set without a val split has a tenth of its source footage for training held out as one.
    What the face store lacks is extracted first. The run folder gets detector.safetensors (only what was trained),
    config.yaml, metrics.csv and a checkpoint to --resume from.

    \b
    facefake train --dataset ffpp --compression c23
    facefake train --dataset ffpp --data FaceForensics++/ --set trainer.epochs=20 --set strategy=bitfit
    facefake train --dataset folder --data mine/ --labels mine.csv
    facefake train --dataset deepfakebench --data DeepfakeBench/     (faces that are cut out already)
    facefake train --dataset store --data store/ffpp                 (a face store, without the videos)
    """
    from facefake.cli.extract import bring_up_to_date, print_summary
    from facefake.training import load_config, train
    from preprocessing.store import FaceStore

    settings = load_config(config, list(overrides))
    clips = source.clips(("train", "val"))
    if source.name != STORE:  # whose splits stay as they are recorded
        clips = _validated(clips)
    recipe, store = source.recipe(cropping.recipe()), source.store(store)
    summary = bring_up_to_date(clips, FaceStore.open_or_create(store, recipe), recipe, process)
    print_summary(summary, store)
    out = out or Path("runs") / f"{Path(config).stem}-{source.name}"
    result = train(settings, store, out, resume, process.device, clips={clip.key for clip in clips})
    click.echo(f"{result.detector}: val video AUC {result.best:.4f} at epoch {result.epoch}", err=True)
