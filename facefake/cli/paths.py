"""Which detectors answer, by which path: faces, whole pictures, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facefake.cli.options import check_decoder, gathered
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.scoring import Examiner
    from facefake.scoring.result import Via

_JUDGES = {"face": "faces", "image": "whole pictures"}


@dataclass(frozen=True, slots=True)
class Detectors:
    """The detectors given, as files, names or repositories, and the path asked for (``face``, ``image``, ``both``)."""

    detectors: tuple[str, ...]
    by_path: str | None

    def chosen(self) -> list[str | None]:
        """The detector of each path to take, the face path's first; without a path asked for, all given.

        ``None`` is the default one. Of a repository the file is fetched, which alone says what it judges.

        Raises:
            FacefakeError: ``usage`` for two of one path, or a path that none of them can take; what finding a detector,
                and reading its card, raises.
        """
        from facefake.scoring.examiner import check_paths

        given = self.detectors or (None,)
        paths = [_via(each) for each in given]
        check_paths(paths)
        files = dict(zip(paths, given, strict=True))
        wanted: tuple[Via, ...] = ("face", "image")
        if self.by_path in files:
            wanted = tuple(via for via in wanted if via == self.by_path)
        if missing := [via for via in wanted if via not in files and self.by_path in (via, "both")]:
            raise FacefakeError(
                "usage",
                f"--path {self.by_path}: no detector given judges {_JUDGES[missing[0]]}.",
                "Add one with --detector: `facefake detectors` lists published ones, "
                f"`facefake train --path {missing[0]}` makes one.",
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
        face_detector: str | None,
    ) -> list[Examiner]:
        """Those of :meth:`chosen`, loaded, with these settings instead of their own.

        Raises:
            FacefakeError: Also what loading raises, and ``usage`` or ``config_invalid`` for settings that cannot be;
                what finding the face detector raises.
        """
        from facefake.scoring.rules import ScoringRules
        from preprocessing.faces import find_face_detector
        from preprocessing.video import Sampling

        def asked(rules: ScoringRules) -> ScoringRules:
            return rules.replaced(pooling=pooling, threshold=threshold, judge_all=judge_all)

        check_decoder(decoder)
        asked(ScoringRules())  # what is wrong with a setting is wrong with any detector
        sampling = Sampling.parse(frames)
        looking = find_face_detector(face_detector) if face_detector else None
        chosen = self.chosen()  # a name that is none should be told before torch is loaded

        from facefake import api
        from facefake.scoring import Examiner
        from preprocessing.device import pick_device

        pick_device(device)
        files = [chosen_file(each) for each in chosen]  # gigabytes, the first time
        examiners = []
        for file in files:
            detector = api.load(file, device=device)
            recipe = api.recipe_of(detector).with_frames(sampling, decoder)
            examiners.append(Examiner(detector, recipe, asked(api.rules_of(detector))))
        return with_face_detector(examiners, *looking) if looking else examiners


def with_face_detector(examiners: Sequence[Examiner], name: str, file: Path | None) -> list[Examiner]:
    """The examiners, those of faces with this face detector.

    Raises:
        FacefakeError: ``usage`` if none of them looks for faces.
    """
    if all(each.recipe.whole for each in examiners):
        raise FacefakeError(
            "usage",
            "--face-detector: the detector judges whole pictures, and nobody looks for faces.",
            "Leave it out, or give a detector of faces with --detector.",
        )
    return [
        each if each.recipe.whole else replace(each, recipe=each.recipe.with_face_detector(name, file))
        for each in examiners
    ]


def chosen_file(given: str | None) -> Path:
    """The detector file a user means, people being told on stderr what is fetched for it.

    Raises:
        FacefakeError: What :func:`facefake.hub.resolve.detector_file` raises.
    """
    from facefake.hub.resolve import detector_file

    return detector_file(given, say=lambda sentence: click.echo(sentence, err=True))


def _via(given: str | None) -> Via:
    from facefake.hub.resolve import named
    from facefake.models.file import read_card
    from facefake.scoring.examiner import via_of
    from preprocessing.faces import CropGeometry

    entry = named(given)
    if entry is not None:
        return entry.detects
    return via_of(whole=CropGeometry.from_dict(read_card(chosen_file(given)).geometry).whole)


detector_options = gathered(
    "detectors",
    Detectors,
    click.option(
        "--detector",
        "detectors",
        multiple=True,
        metavar="FILE|NAME",
        help="A detector file, a published detector (`facefake detectors` lists them) or hf-hub:org/name: of faces, of "
        "whole pictures, or, given twice, one of each. [default: gend-clip-l14]",
    ),
    click.option(
        "--path",
        "by_path",
        type=click.Choice(["face", "image", "both"]),
        help="Judge faces, whole pictures, or both: the more suspicious speaks. [default: what the detectors can]",
    ),
)
