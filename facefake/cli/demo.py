"""``facefake demo``: the real extract, train, score and report on a small set made on the spot."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from facefake.cli.options import Cropping, Process
from facefake.progress import progress_bar
from preprocessing.errors import FacefakeError


@contextmanager
def _stage(title: str) -> Iterator[None]:
    click.secho(f"== {title}", bold=True, err=True)
    start = time.monotonic()
    yield
    click.echo(f"   {time.monotonic() - start:.0f} s", err=True)


def _make_set(videos: Path, seed: int) -> None:
    from facefake.demo import SCENES, make_demo_set

    if (videos / "labels.csv").exists():
        click.echo(f"   {videos} is there already", err=True)
        return
    with progress_bar("filming", 2 * sum(SCENES.values())) as advance:
        make_demo_set(videos, seed=seed, progress=lambda done, total: advance(f"{done}/{total}"))


@click.command("demo")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("runs/demo"), show_default=True, help="Its folder."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, another set and another training.")
@click.option("--again", is_flag=True, help="Start over instead of going on with what is there.")
def command(out: Path, seed: int, again: bool) -> None:
    """Make a small labelled video set, then run extract, train, score and report on it.

    Needs no network and no weights: two portraits that ship with Python packages are filmed by a moving camera and
    forged in several ways. The detector it leaves shows the machinery and knows nothing about the world.

    \b
    facefake demo --out runs/demo
    facefake score my.mp4 --detector runs/demo/detector.safetensors
    """
    from facefake import api
    from facefake.cli.extract import bring_up_to_date, print_summary
    from facefake.cli.results import Outputs, write_results
    from facefake.demo import DISCLAIMER
    from facefake.reporting import write_json
    from facefake.scoring import document_head, score_store
    from facefake.training import load_config, train
    from preprocessing.datasets import get_reader, select
    from preprocessing.store import FaceStore

    if again:
        _remove_demo(out)
    videos, store = out / "videos", out / "store"
    with _stage("make a labelled set of videos"):
        _make_set(videos, seed)
    found = get_reader("folder").read(videos)
    recipe = Cropping("uniform:8", "gend", 1.3, "native", "auto", None).recipe()
    with _stage("extract: find, track and align the faces"):
        faces = FaceStore.open_or_create(store, recipe)
        summary = bring_up_to_date(found.clips, faces, recipe, Process.default())
        print_summary(summary, store)
    with _stage("train: on the train split, chosen on the val split"):
        trained = train(load_config("demo", [f"seed={seed}"]), store, out)
    with _stage("score: the held-out test split"):
        detector = api.load(trained.detector)
        rules = api.rules_of(detector).for_recipe(recipe)
        held_out = select(found, splits=["test"]).clips
        results = score_store(held_out, detector, faces, rules=rules)
        head = document_head(detector.facts(), {"recipe": recipe.to_dict(), **rules.to_dict()})
        outputs = Outputs(str(out / "scores.json"), out / "scores.csv", out / "report.md", out / "report.html")
        report = write_results(results, len(held_out), head, outputs).report
    write_json(out / "report.json", report or {})
    click.secho(DISCLAIMER, err=True, bold=True)
    click.echo(f"look at {out / 'report.html'}", err=True)
    click.echo(f"next: facefake score my.mp4 --detector {trained.detector}", err=True)


def _remove_demo(out: Path) -> None:
    """Remove a demo's folder, and only a demo's."""
    if not out.exists():
        return
    if not (out / "videos" / "labels.csv").exists():
        raise FacefakeError("usage", f"{out} is not a demo's folder; it was left alone.", "Name another with --out.")
    shutil.rmtree(out)
