"""Options several commands share. A group of them arrives in the command as one object that knows what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from preprocessing.clip import Clip
    from preprocessing.datasets import Found
    from preprocessing.recipe import Recipe
    from preprocessing.video import Limits

Command = Callable[..., None]

STORE = "store"
"""The data set that is a face store."""

TIMEOUT = 600.0
"""Seconds a clip may take unless the user says otherwise."""


@dataclass(frozen=True, slots=True)
class Source:
    """Which clips of which data sets. Commands that take one data set ask for its ``name``, others for ``each``.

    ``path`` (``face``, ``image``) is what a command with such an option was told.
    """

    datasets: tuple[str, ...]
    data: Path | None
    labels: Path | None
    methods: tuple[str, ...]
    compressions: tuple[str, ...]
    path: str | None = None

    @property
    def name(self) -> str:
        """The one reader's name; a folder unless the user says otherwise.

        Raises:
            FacefakeError: ``usage`` if several data sets are named.
        """
        if len(self.datasets) > 1:
            raise FacefakeError(
                "usage", f"{' and '.join(self.datasets)} are too many.", "Run the command once a data set."
            )
        return self.datasets[0] if self.datasets else "folder"

    @property
    def is_release(self) -> bool:
        """Whether its folder is one as others released it: neither a folder of the user's own nor a face store."""
        return self.name not in ("folder", STORE)

    @property
    def pictures(self) -> bool:
        """Whether its files are whole pictures, read where they lie: as released, or a folder that is taken so."""
        from preprocessing.datasets import get_reader

        return get_reader(self.name).pictures or (self.name == "folder" and self.path == "image")

    def each(self) -> list[tuple[Source, tuple[str, ...]]]:
        """One source a data set, with the split of ``NAME:SPLIT`` where one is named.

        Raises:
            FacefakeError: ``usage`` for a split that does not exist, or a data set named twice.
        """
        from preprocessing.datasets.base import SPLITS

        sources: dict[str, tuple[Source, tuple[str, ...]]] = {}
        for dataset in self.datasets:
            name, _, split = dataset.partition(":")
            if split not in ("", *SPLITS):
                raise FacefakeError(
                    "usage", f"{dataset}: no split is called {split!r}.", f"Known: {', '.join(SPLITS)}."
                )
            if name in sources:
                raise FacefakeError("usage", f"{name} is named twice.", "Use --split for several splits of it.")
            sources[name] = replace(self, datasets=(name,)), (split,) if split else ()
        return list(sources.values())

    def found(self, splits: tuple[str, ...] = ()) -> Found:
        """The clips asked for, there and absent; methods default to those of the data set's protocol.

        People are told on stderr what of a folder is left out.

        Raises:
            FacefakeError: What the reader raises, or ``split_empty``.
        """
        from preprocessing.datasets import get_reader, select
        from preprocessing.datasets.media import left_out_sentences

        reader = get_reader(self.name)
        found = reader.read(self.root(), self.labels)
        if self.name == "folder":  # what is left out of a release, `facefake datasets check` says
            for note in (*left_out_sentences(found.left_out, self.root()), *found.notes):
                click.echo(note, err=True)
        wanted = () if "all" in self.methods else self.methods or reader.methods
        return select(found, splits=splits, methods=wanted, compressions=self.compressions)

    def recipe(self, recipe: Recipe) -> Recipe:
        """How this data set's faces come about: by ``recipe``, unless it holds faces that are cut out already.

        Raises:
            FacefakeError: ``crop_mismatch`` for videos and a recipe nothing can be cut by; ``usage`` for crops and a
                recipe that needs the frames; ``store_missing``.
        """
        from preprocessing.datasets import get_reader
        from preprocessing.recipe import Recipe
        from preprocessing.store import FaceStore

        if self.name == STORE:
            return Recipe.from_dict(FaceStore(self.root()).recipe)
        crops = get_reader(self.name).crops
        if crops is None:
            recipe.check_video()
            return recipe
        return replace(Recipe.of_release(crops, recipe.sampling), corruption=recipe.corruption)

    def store(self, chosen: Path | None, base: Path | None = None) -> Path:
        """Its face store; a store that is the data set is its own, whatever is chosen.

        Args:
            chosen: What the user named for it.
            base: Where it is otherwise, ``store/NAME`` by default. Data of the same name in another folder get a store
                next to it.

        Raises:
            FacefakeError: ``dataset_not_found``.
        """
        from preprocessing.store import store_for

        if self.name == STORE:
            return self.root()
        return chosen or store_for(base or Path("store") / self.name, self.root())

    def clips(self, splits: tuple[str, ...] = ()) -> list[Clip]:
        """Those of :meth:`found` that are there."""
        return self.found(splits).clips

    def root(self) -> Path:
        """Where the data set lies.

        ``--data`` or the folder of the data set's name in it, else the first of :meth:`places` that is there.

        Raises:
            FacefakeError: ``dataset_not_found``, naming every place that was looked at.
        """
        if self.data is not None:
            inside = self.data / self.name
            return inside if self.name != "folder" and inside.is_dir() else self.data
        for place in self.places():
            if place.is_dir():
                return place
        raise FacefakeError(
            "dataset_not_found",
            f"No folder of {self.name} at {', '.join(map(str, self.places()))}.",
            "Give its folder, or set FACEFAKE_DATA to the one that holds it.",
        )

    def places(self) -> list[Path]:
        """Where it is looked for without ``--data``: ``<dataset>`` in each folder of ``$FACEFAKE_DATA``, ``./data``."""
        roots = [Path(root) for root in os.environ.get("FACEFAKE_DATA", "").split(os.pathsep) if root]
        return [root / self.name for root in [*roots, Path("data")]]


@dataclass(frozen=True, slots=True)
class Process:
    """How work is spread and what a clip may cost.

    ``workers`` child processes work on ``device``, each for at most ``timeout`` seconds per clip. ``max_pixels`` and
    those after it are bounds of :class:`preprocessing.video.Limits`, ``None`` for its own.
    """

    workers: int
    timeout: float
    device: str
    max_seconds: float | None
    max_frames: int | None
    max_pixels: int | None
    max_bytes: int | None

    @classmethod
    def default(cls) -> Process:
        """As without any option."""
        return cls(default_workers(), TIMEOUT, "auto", None, None, None, None)

    @property
    def limits_set(self) -> dict[str, float]:
        """The limits that were set, by the names of :class:`preprocessing.video.Limits`."""
        asked = {
            "seconds": self.max_seconds,
            "frames": self.max_frames,
            "pixels": self.max_pixels,
            "still_pixels": self.max_pixels,
            "bytes": self.max_bytes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    @property
    def limits(self) -> Limits:
        """What a clip may cost; ``max_pixels`` holds for the frames of videos and for still images."""
        from preprocessing.video import Limits

        return Limits(**self.limits_set)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Cropping:
    """Which frames of a clip, and how faces are cut out of them."""

    frames: str
    template: str
    scale: float
    size: str
    decoder: str
    face_detector: str | None

    def recipe(self) -> Recipe:
        """The recipe the options describe.

        Raises:
            FacefakeError: ``usage`` for a rule, template, size or decoder that does not exist; what
                :func:`preprocessing.faces.find_face_detector` raises.
        """
        from preprocessing.faces import CropGeometry, find_face_detector
        from preprocessing.recipe import Recipe
        from preprocessing.video import Sampling

        if self.size != "native" and not (self.size.isdigit() and int(self.size) > 0):
            raise FacefakeError(
                "usage", f"--size {self.size!r} is not a number of pixels.", "Give `native` or e.g. 256."
            )
        check_decoder(self.decoder)
        size = None if self.size == "native" else int(self.size)
        geometry = CropGeometry(template=self.template, scale=self.scale, size=size)
        recipe = Recipe(sampling=Sampling.parse(self.frames), geometry=geometry, decoder=self.decoder)
        return recipe.with_face_detector(*find_face_detector(self.face_detector)) if self.face_detector else recipe


def check_decoder(name: str) -> None:
    """Raise ``usage`` for a decoder that does not exist, which would otherwise be an error of every single clip."""
    from preprocessing.video import BACKENDS

    if name not in ("auto", *BACKENDS):
        known = ", ".join(("auto", *BACKENDS))
        raise FacefakeError("usage", f"--decoder {name!r} does not exist.", f"Known: {known}.")


def default_workers() -> int:
    """One worker a core, at most 16: each holds a face detector of its own."""
    from preprocessing.workers import available_cores

    return min(available_cores(), 16)


def gathered(name: str, group: type[Any], *options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Add ``options``, one a field without default, to a command, which gets them as one ``group`` called ``name``."""
    names = [field.name for field in fields(group) if field.default is MISSING]

    def decorate(command: Command) -> Command:
        @wraps(command)
        def gather(**values: Any) -> None:
            command(**{name: group(**{each: values.pop(each) for each in names})}, **values)

        decorated: Command = gather
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


source_options = gathered(
    "source",
    Source,
    click.option(
        "--dataset",
        "datasets",
        multiple=True,
        metavar="NAME",
        help="A data set: `facefake datasets` lists them. Where several may be given, also NAME:SPLIT.",
    ),
    click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="The data set's top folder, or the one it is in. [default: $FACEFAKE_DATA/NAME, else ./data/NAME]",
    ),
    click.option("--labels", type=click.Path(path_type=Path), help="CSV with path,label for a folder of your own."),
    click.option("--method", "methods", multiple=True, help="Only these forgery methods or real sources, or all."),
    click.option("--compression", "compressions", multiple=True, help="Only these compressions, e.g. c23."),
)

process_options = gathered(
    "process",
    Process,
    click.option("--workers", type=click.IntRange(1), default=default_workers, help="Processes. [default: one a core]"),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=TIMEOUT,
        show_default=True,
        help="Seconds a clip may take before its process is killed.",
    ),
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ..."),
    click.option(
        "--max-seconds",
        type=click.FloatRange(min=0, min_open=True),
        help="Refuse videos that last longer. [default: 14400, four hours]",
    ),
    click.option(
        "--max-frames", type=click.IntRange(1), help="Refuse videos of more frames. [default: 1000000, one million]"
    ),
    click.option(
        "--max-pixels",
        type=click.IntRange(1),
        help="Refuse frames and images of more pixels. [default: 35389440 in videos, 89478485 of images]",
    ),
    click.option("--max-bytes", type=click.IntRange(1), help="Refuse larger files. [default: 8589934592, 8 GiB]"),
)

frames_option = click.option(
    "--frames",
    default="spread:32",
    show_default=True,
    help="uniform:N, spread:N (until N frames with a face), fps:R or keyframes.",
)
decoder_option = click.option("--decoder", default="auto", show_default=True, help="auto, pyav or decord.")
face_detector_option = click.option(
    "--face-detector",
    metavar="mtcnn|onnx:FILE",
    help="What finds the faces: mtcnn, or a file of yours with SCRFD, YuNet or RetinaFace. [default: mtcnn]",
)

cropping_options = gathered(
    "cropping",
    Cropping,
    frames_option,
    click.option("--template", default="gend", show_default=True, help="Crop template: gend or arcface."),
    click.option("--scale", type=float, default=1.3, show_default=True, help="Margin around the face."),
    click.option("--size", default="native", show_default=True, help="Side of the crop in pixels, or native."),
    decoder_option,
    face_detector_option,
)

split_option = click.option(
    "--split", "splits", multiple=True, type=click.Choice(["train", "val", "test"]), help="Only these splits."
)

redo_option = click.option(
    "--redo",
    multiple=True,
    metavar="OUTCOME",
    help="Extract clips of this outcome again, e.g. no_face or timeout; all for every clip.",
)

min_coverage_option = click.option(
    "--min-coverage",
    type=click.FloatRange(0, 1),
    default=0.99,
    show_default=True,
    help="Share of each data set's clips that must have a score, else exit code 3.",
)
