"""``facefake train``: a data set in, a detector file out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from facefake.cli.options import STORE, Cropping, Process, Source, cropping_options, process_options, source_options
from facefake.cli.outputs import keep_out
from preprocessing.clip import FAKE, REAL
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.training import Run, TrainConfig, TrainResult
    from preprocessing.clip import Clip
    from preprocessing.datasets import Found

_OF_FACES = (
    "store",
    "frames",
    "template",
    "scale",
    "size",
    "decoder",
    "face_detector",
    "timeout",
    "max_seconds",
    "max_frames",
    "max_pixels",
    "max_bytes",
)
_PROMPT = ("head=text", "backbone.feature=joint")  # what a prompt is of: recipes of faces have another head


def _recipe(config: str | None, strategy: str | None, pictures: bool) -> tuple[str, list[str], str]:
    """The recipe to load, what the strategy changes in it, and what to call both."""
    from preprocessing.resources import configs_dir

    own = f"image-{strategy or 'prompt'}"
    if config is None and pictures and (configs_dir() / f"{own}.yaml").is_file():
        return own, [], own
    config = config or "face-ln"
    if strategy is None:
        return config, [], Path(config).stem
    changes = [f"strategy={strategy}", *(_PROMPT if strategy == "prompt" else ())]
    return config, changes, f"{Path(config).stem}-{strategy}"


@click.command("train")
@click.option(
    "--config",
    help="A recipe in configs/ by name, or a YAML file. [default: face-ln; for whole pictures image-STRATEGY]",
)
@click.option(
    "--strategy",
    metavar="NAME",
    help="What is trained: prompt, linear, adapter, lora, full, ln or bitfit. [default: as the recipe says]",
)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value, e.g. trainer.epochs=20."
)
@click.option("--out", type=click.Path(path_type=Path), help="The run's folder. [default: runs/CONFIG-DATASET]")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in --out.")
@click.option(
    "--path",
    type=click.Choice(["face", "image"]),
    help="Whether a folder is of faces or of whole pictures; sets as released know it themselves. [default: face]",
)
@source_options
@click.option("--store", type=click.Path(path_type=Path), help="The face store. [default: store/NAME]")
@click.option(
    "--features",
    type=click.Path(path_type=Path),
    default=Path("features"),
    show_default=True,
    help="Where features are kept that are encoded once (data.cached_views); runs share them.",
)
@cropping_options
@process_options
@click.pass_context
def command(
    context: click.Context,
    config: str | None,
    strategy: str | None,
    overrides: tuple[str, ...],
    out: Path | None,
    resume: bool,
    path: str | None,
    source: Source,
    store: Path | None,
    features: Path,
    cropping: Cropping,
    process: Process,
) -> None:
    """Train on the official train split, choose the checkpoint by the AUC over clips of the official val split.

    Of a data set without a val split, or without any, a tenth of its real and of its fake clips is held out as one: at
    least two of each, and always whole source groups. Faces are extracted first, as far as the face store lacks them;
    whole pictures are read where they lie. The run folder gets detector.safetensors (only what was trained),
    config.yaml, metrics.csv and a checkpoint to --resume from.

    \b
    facefake train --dataset ffpp --compression c23
    facefake train --dataset ffpp --data FaceForensics++/ --set trainer.epochs=20 --strategy bitfit
    facefake train --dataset folder --data mine/ --labels mine.csv
    facefake train --dataset deepfakebench --data DeepfakeBench/     (faces that are cut out already)
    facefake train --dataset store --data store/ffpp                 (a face store, without the videos)
    facefake train --dataset progan --strategy prompt                (whole pictures)
    facefake train --dataset progan --config image-prompt-paper      (as published)
    facefake train --dataset folder --data mine/ --path image        (whole pictures of your own)
    """
    from facefake.training import load_config

    source = replace(source, path=path)
    if path is not None and (path == "image") != source.pictures:
        kind = "whole pictures" if source.pictures else "faces"
        raise FacefakeError("usage", f"{source.name} is a set of {kind}.", f"Leave out --path {path}.")
    recipe, changes, called = _recipe(config, strategy, source.pictures)
    given = {name for name in context.params if _is_given(context, name)}
    if source.pictures and "workers" in given:
        changes.append(f"data.workers={process.workers}")
    settings = load_config(recipe, [*changes, *overrides])
    out = out or Path("runs") / f"{called}-{source.name}"
    if source.pictures:
        result = _on_pictures(settings, source, features, out, resume, process, given)
    else:
        result = _on_faces(settings, source, store, features, cropping, out, resume, process)
    over = "pictures" if source.pictures else "clips"
    click.echo(f"{result.detector}: val AUC over {over} {result.best:.4f} at epoch {result.epoch}", err=True)


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) == ParameterSource.COMMANDLINE


def _on_faces(
    config: TrainConfig,
    source: Source,
    store: Path | None,
    features: Path,
    cropping: Cropping,
    out: Path,
    resume: bool,
    process: Process,
) -> TrainResult:
    from facefake.cli.extract import bring_up_to_date, print_summary
    from preprocessing.store import FaceStore

    clips = _for_training(source, "clips")
    recipe, store = source.recipe(cropping.recipe()), source.store(store)
    run = _begun(config, out, resume, process.device, features)
    run.check_clips(clips, recipe.sampling.target)
    run.build()  # its weights may be missing, which should not be said after hours of extraction
    summary = bring_up_to_date(clips, FaceStore.open_or_create(store, recipe), recipe, process)
    print_summary(summary, store)
    keys = {clip.key for clip in clips}
    return run.on_store(store, clips=keys)


def _begun(config: TrainConfig, out: Path, resume: bool, device: str, features: Path) -> Run:
    from facefake.training import Run

    run = Run(config, out, resume, device, features=features)
    if resume and not run.resumed:
        click.echo(f"{out} holds no checkpoint yet: a new run begins", err=True)
    return run


def _on_pictures(
    config: TrainConfig, source: Source, features: Path, out: Path, resume: bool, process: Process, given: set[str]
) -> TrainResult:
    from preprocessing.releases.shortcuts import shortcuts

    if of_faces := sorted(given & set(_OF_FACES)):
        raise FacefakeError(
            "usage",
            f"--{of_faces[0].replace('_', '-')} is for faces, and {source.name} is a set of whole pictures.",
            "What the backbone sees of a picture is set by data.geometry in the config.",
        )
    if source.is_release:
        keep_out(source.root(), out, features)
    clips = training_pictures(source)
    run = _begun(config, out, resume, process.device, features)
    run.check_clips(clips)
    for shortcut in shortcuts(clip for clip in clips if clip.split == config.data.train_split):
        click.echo(f"warning: {shortcut.sentence}", err=True)
    result = run.on_pictures(clips)
    if result.damaged:
        click.echo(
            f"warning: {len(result.damaged)} pictures could not be read and were left out, "
            f"{result.damaged[0]} for one: see {out / 'damaged.csv'}",
            err=True,
        )
    return result


def training_pictures(source: Source) -> list[Clip]:
    """The pictures for training and validation; where a set has no val split, some of train are held out as one.

    Raises:
        FacefakeError: What reading the set and holding out raise.
    """
    return _for_training(source, "pictures")


def _for_training(source: Source, called: str) -> list[Clip]:
    """The clips for training and validation, as :func:`training_pictures`; of a face store they stay as recorded."""
    from preprocessing.datasets import select
    from preprocessing.datasets.media import is_image

    found = _labelled(source.found(), called)
    if source.name != STORE:
        found = replace(found, clips=_with_splits(found.clips, called))
    elif all(clip.split is None for clip in found.clips):
        raise FacefakeError(
            "split_empty",
            f"the clips of {source.root()} were extracted without splits, and a face store is trained on as recorded.",
            f"Train on the folder they are from, to have a tenth held out: --dataset folder --data FOLDER --labels CSV "
            f"--store {source.root()}.",
        )
    clips = select(found, splits=("train", "val")).clips
    if source.pictures:
        pictures = [clip for clip in clips if clip.member is not None or is_image(clip.path)]
        if len(pictures) < len(clips):
            click.echo(f"{len(clips) - len(pictures)} videos are left out: training takes whole pictures", err=True)
        clips = pictures
    if source.name != STORE:
        clips = _validated(clips, called)
    for split in ("train", "val"):
        labels = [clip.label for clip in clips if clip.split == split]
        click.echo(f"{split}: {labels.count(REAL)} real, {labels.count(FAKE)} fake {called}", err=True)
    return clips


def _with_splits(clips: list[Clip], called: str) -> list[Clip]:
    """All as training clips where none has a split; if only some have one, the others are left out."""
    without = sum(clip.split is None for clip in clips)
    if without == len(clips):
        click.echo(f"the set has no splits: all {called} are taken for training", err=True)
        return [replace(clip, split="train") for clip in clips]
    if without:
        click.echo(
            f"{without} of {len(clips)} labelled {called} have no split and are left out, because others have one: "
            "give each a split (train, val or test), or none to have a tenth held out",
            err=True,
        )
    return clips


def _labelled(found: Found, called: str) -> Found:
    labelled = [clip for clip in found.clips if clip.label is not None]
    if not labelled:
        raise FacefakeError(
            "labels_missing",
            f"none of the {len(found.clips)} {called} has a label; names of folders are none here.",
            "Give a CSV with path,label by --labels, or put it into the folder as labels.csv; whole pictures in "
            "folders real/ and fake/ are read by --dataset aigcdetect.",
        )
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    if unlabelled := len(found.clips) - len(labelled):
        click.echo(f"{unlabelled} of {len(found.clips)} {called} have no label and are left out", err=True)
    return replace(found, clips=labelled)


def _validated(clips: list[Clip], called: str) -> list[Clip]:
    from preprocessing.releases.held_out import with_validation

    held_out = with_validation(clips)
    moved = sum(before.split != after.split for before, after in zip(clips, held_out, strict=True))
    if moved:
        click.echo(f"no val split of real and fake {called}: {moved} of train are held out as one", err=True)
    return held_out
