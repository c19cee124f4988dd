"""Options several commands share, and how they become clips and recipes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from preprocessing.errors import FacefakeError

F = TypeVar("F", bound=Callable[..., Any])


def _stack(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def default_workers() -> int:
    """One worker a core, at most 16: each holds a face detector of its own."""
    from preprocessing.workers import available_cores

    return min(available_cores(), 16)


dataset_options = _stack(
    click.option("--dataset", metavar="NAME", help="Data set reader: ffpp, celebdf or folder."),
    click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="The data set's top folder. [default: $FACEFAKE_DATA/NAME, else ./data/NAME]",
    ),
    click.option("--labels", type=click.Path(path_type=Path), help="CSV with path,label for a folder of your own."),
    click.option(
        "--method", "methods", multiple=True, help="Only these forgery methods or real sources; `all` for all."
    ),
    click.option("--compression", "compressions", multiple=True, help="Only these compressions, e.g. c23."),
)

process_options = _stack(
    click.option("--workers", type=click.IntRange(1), default=default_workers, help="Processes. [default: one a core]"),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=600.0,
        show_default=True,
        help="Seconds a clip may take before its process is killed.",
    ),
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ..."),
)

recipe_options = _stack(
    click.option(
        "--frames",
        default="spread:32",
        show_default=True,
        help="uniform:N, spread:N (until N frames with a face), fps:R or keyframes.",
    ),
    click.option("--template", default="gend", show_default=True, help="Crop template: gend or arcface."),
    click.option("--scale", type=float, default=1.3, show_default=True, help="Margin around the face."),
    click.option("--size", default="native", show_default=True, help="Side of the crop in pixels, or native."),
    click.option("--decoder", default="auto", show_default=True, help="auto, pyav or decord."),
)


def recipe_from(frames: str, template: str, scale: float, size: str, decoder: str) -> Any:
    """The :class:`preprocessing.recipe.Recipe` the options describe.

    Raises:
        FacefakeError: ``usage`` for a rule, template, size or decoder that does not exist.
    """
    from preprocessing.faces import CropGeometry
    from preprocessing.recipe import Recipe
    from preprocessing.video import Sampling

    if size != "native" and not (size.isdigit() and int(size) > 0):
        raise FacefakeError("usage", f"--size {size!r} is not a number of pixels.", "Give `native` or e.g. 256.")
    if decoder not in ("auto", "pyav", "decord"):
        raise FacefakeError("usage", f"--decoder {decoder!r} does not exist.", "Known: auto, pyav, decord.")
    geometry = CropGeometry(template=template, scale=scale, size=None if size == "native" else int(size))
    return Recipe(sampling=Sampling.parse(frames), geometry=geometry, decoder=decoder)


def resolve_root(dataset: str, data: Path | None) -> Path:
    """Where the data set lies: ``--data``, else ``$FACEFAKE_DATA/<dataset>``, else ``./data/<dataset>``.

    Raises:
        FacefakeError: ``dataset_not_found``, naming every place that was looked at.
    """
    if data is not None:
        return data
    roots = [Path(root) for root in os.environ.get("FACEFAKE_DATA", "").split(os.pathsep) if root]
    places = [root / dataset for root in [*roots, Path("data")]]
    for place in places:
        if place.is_dir():
            return place
    raise FacefakeError(
        "dataset_not_found",
        f"No folder of {dataset} at {', '.join(map(str, places))}.",
        "Give it with --data, or set FACEFAKE_DATA to the folder that holds it.",
    )


def dataset_clips(
    dataset: str,
    data: Path | None,
    labels: Path | None,
    methods: tuple[str, ...],
    compressions: tuple[str, ...],
    splits: tuple[str, ...] = (),
) -> list[Any]:
    """The clips of a data set that the options ask for; methods default to those of the data set's protocol.

    Raises:
        FacefakeError: What the reader raises, or ``split_empty``.
    """
    from preprocessing.datasets import get_reader, select

    reader = get_reader(dataset)
    clips = reader.read(resolve_root(dataset, data), labels)
    wanted = () if "all" in methods else methods or reader.methods
    return select(clips, splits=splits, methods=wanted, compressions=compressions)
