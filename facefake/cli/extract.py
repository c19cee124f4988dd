"""``facefake extract``: video files to aligned faces on disk."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facefake.cli.options import (
    STORE,
    Cropping,
    Process,
    Source,
    cropping_options,
    process_options,
    redo_option,
    source_options,
    split_option,
)
from facefake.cli.outputs import keep_out
from facefake.progress import progress_bar
from preprocessing.errors import FacefakeError
from preprocessing.text import visible

if TYPE_CHECKING:
    from preprocessing.clip import Clip
    from preprocessing.recipe import Recipe
    from preprocessing.run import Summary
    from preprocessing.store import FaceStore


def _shard(value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    index, _, count = value.partition("/")
    if not (index.isdigit() and count.isdigit()):
        raise FacefakeError("usage", f"--shard {value!r} is not of the form i/N.", "For example --shard 1/4.")
    return int(index), int(count)


def bring_up_to_date(
    clips: list[Clip], store: FaceStore, recipe: Recipe, process: Process, redo: tuple[str, ...] = ()
) -> Summary:
    """Extract what the store lacks, with a progress bar, and say how many files were replaced since the last run."""
    from preprocessing.run import extract_clips

    if process.limits_set:  # what was too large before may not be any more
        redo = (*redo, "too_large")
    with progress_bar("extracting faces", len(clips)) as advance:
        summary = extract_clips(
            clips,
            store,
            recipe,
            device=process.device,
            workers=process.workers,
            timeout=process.timeout,
            limits=process.limits,
            redo=redo,
            on_clip=lambda record: advance(record["clip"]),
        )
    if summary.replaced:
        click.echo(
            f"{summary.replaced} of {len(clips)} files are not, or not certain to be, the ones that were extracted "
            "before: their faces were extracted again",
            err=True,
        )
    return summary


def print_summary(summary: Summary, store: Path) -> None:
    """The outcome counts and every error, in words, on stderr."""
    click.echo(f"{summary.done} clips extracted, {summary.skipped} already there, in {store}", err=True)
    click.echo(
        "outcomes: " + ", ".join(f"{name} {count}" for name, count in sorted(summary.outcomes.items())), err=True
    )
    if summary.sampled:
        share = 100 * summary.with_face / summary.sampled
        click.echo(f"frames with a face: {summary.with_face} of {summary.sampled} ({share:.1f} %)", err=True)
    for record in summary.errors:
        click.echo(visible(f"error [{record['outcome']}] {record['clip']}: {record['reason']}"), err=True)


def _merge(paths: tuple[Path, ...], out: Path) -> None:
    from preprocessing.files import write_atomic
    from preprocessing.store import FaceStore

    others = [FaceStore(path) for path in paths]
    if not (out / "recipe.json").exists():
        write_atomic(out / "recipe.json", (paths[0] / "recipe.json").read_bytes())
    copied = FaceStore(out).merge(others)
    click.echo(f"{copied} clips merged into {out}", err=True)


@click.command("extract")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The face store. [default: store/NAME]")
@source_options
@split_option
@cropping_options
@process_options
@redo_option
@click.option("--shard", metavar="i/N", help="Only every N-th clip from the i-th.")
@click.option("--merge", is_flag=True, help="PATHS are face stores of shards; gather them in --out.")
def command(
    paths: tuple[Path, ...],
    out: Path | None,
    source: Source,
    splits: tuple[str, ...],
    cropping: Cropping,
    process: Process,
    redo: tuple[str, ...],
    shard: str | None,
    merge: bool,
) -> None:
    """Find, track and align the faces of a folder of videos or of a data set as released.

    The face store gets one PNG per face and manifest.parquet. Run it again and it does only what is missing or whose
    file changed; kill it and it goes on where it was.

    \b
    facefake extract videos/ --out store
    facefake extract FaceForensics++/ --dataset ffpp --compression c23 --out store
    facefake extract videos/ --out shard1 --shard 1/2     (and 2/2 elsewhere)
    facefake extract shard1 shard2 --merge --out store
    """
    from preprocessing.run import shard as take_shard
    from preprocessing.store import FaceStore

    if merge:
        if not paths or out is None:
            raise FacefakeError("usage", "--merge needs the shards' stores and --out.", "See facefake extract --help.")
        _merge(paths, out)
        return
    if len(paths) > 1 or (paths and source.data):
        raise FacefakeError("usage", "extract takes one folder.", "Run it once a folder; `score` takes many.")
    if paths:
        source = replace(source, data=paths[0])
    if source.name == STORE:
        raise FacefakeError("usage", "The faces of a face store are extracted already.", "Train or score on it.")
    if source.name == "folder" and not source.data:
        raise FacefakeError("usage", "Which folder?", "facefake extract videos/ --out store")
    clips = source.clips(splits)
    part = _shard(shard)
    if part:
        clips = take_shard(clips, *part)
    recipe, out = source.recipe(cropping.recipe()), source.store(out)
    if source.is_release:
        keep_out(source.root(), out)
    summary = bring_up_to_date(clips, FaceStore.open_or_create(out, recipe), recipe, process, redo)
    print_summary(summary, out)
    if summary.errors:
        sys.exit(1)
