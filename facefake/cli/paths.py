"""Which detectors answer, by which path: faces, whole pictures, or both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facefake.cli.options import gathered
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.scoring import Examiner
    from facefake.scoring.result import Via

_JUDGES = {"face": "faces", "image": "whole pictures"}


@dataclass(frozen=True, slots=True)
class Detectors:
    """The detector files given, and the path asked for (``face``, ``image``, ``both``)."""

    detectors: tuple[Path, ...]
    by_path: str | None

    def chosen(self) -> list[Path]:
        """The detector of each path to take, the face path's first; without a path asked for, all that are given.

        Raises:
            FacefakeError: ``usage`` for none, for two of one path, or a path that none of them can take; what reading
                a detector's card raises.
        """
        from facefake.scoring.examiner import check_paths

        if not self.detectors:
            raise FacefakeError(
                "usage", "Which detector?", "--detector FILE; `facefake train` makes one, `facefake demo` a toy."
            )
        paths = [_via(file) for file in self.detectors]
        check_paths(paths)
        files = dict(zip(paths, self.detectors, strict=True))
        wanted: tuple[Via, ...] = ("face", "image")
        if self.by_path in files:
            wanted = tuple(via for via in wanted if via == self.by_path)
        if missing := [via for via in wanted if via not in files and self.by_path in (via, "both")]:
            raise FacefakeError(
                "usage",
                f"--path {self.by_path}: no detector given judges {_JUDGES[missing[0]]}.",
                f"Add one with --detector; `facefake train --path {missing[0]}` makes one.",
            )
        return [files[via] for via in wanted if via in files]

    def examiners(
        self,
        *,
        frames: str,
        decoder: str,
        device: str,
        pooling: str | None,
        threshold: float | None,
        judge_all: bool,
    ) -> list[Examiner]:
        """Those of :meth:`chosen`, loaded, with these settings instead of their own.

        Raises:
            FacefakeError: Also what loading raises, and ``usage`` or ``config_invalid`` for settings that cannot be.
        """
        from facefake import api
        from facefake.scoring import Examiner
        from preprocessing.video import Sampling

        examiners = []
        for file in self.chosen():
            detector = api.load(file, device=device)
            recipe = api.recipe_of(detector).with_frames(Sampling.parse(frames), decoder)
            rules = api.rules_of(detector).replaced(pooling=pooling, threshold=threshold, judge_all=judge_all)
            examiners.append(Examiner(detector, recipe, rules))
        return examiners


def _via(file: Path) -> Via:
    from facefake.models.file import read_card
    from facefake.scoring.examiner import via_of
    from preprocessing.faces import CropGeometry

    return via_of(whole=CropGeometry.from_dict(read_card(file).geometry).whole)


detector_options = gathered(
    "detectors",
    Detectors,
    click.option(
        "--detector",
        "detectors",
        multiple=True,
        type=click.Path(path_type=Path),
        help="A detector file (.safetensors): of faces, of whole pictures, or, given twice, one of each.",
    ),
    click.option(
        "--path",
        "by_path",
        type=click.Choice(["face", "image", "both"]),
        help="Judge faces, whole pictures, or both: the more suspicious speaks. [default: what the detectors can]",
    ),
)
