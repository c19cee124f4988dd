"""The detector files of published detectors, made once on each machine and kept."""

from __future__ import annotations

from pathlib import Path

from facefake.hub.cache import cache_dir, kept_file
from facefake.hub.fetch import Fetched, fetch_source
from facefake.hub.say import Say, silent
from facefake.hub.words import elsewhere
from facefake.models.card import DetectorCard
from facefake.models.file import read_card
from facefake.registry.entry import Entry, Hub, Link
from facefake.registry.licences import require
from preprocessing.errors import FacefakeError


def converted(entry: Entry, *, say: Say = silent) -> Path:
    """The detector file of a published detector: the kept one, else fetched, converted and kept now.

    Args:
        entry: The published detector.
        say: Told what is done.

    Raises:
        FacefakeError: ``licence_not_accepted``; ``download_failed``, ``digest_mismatch``, ``weights_not_found`` for its
            base, each with what to bring; what :func:`facefake.importing.convert.convert` raises.
    """
    require(entry, cache_dir())
    path = kept_file(entry.name)
    if not is_kept(entry):
        fetched = fetch_source(entry, say=say)
        say(f"making the detector file of {entry.name}, once: {path}")
        convert_fetched(fetched, entry, path)
    return path


def convert_fetched(fetched: Fetched, entry: Entry, out: Path, *, base_weights: str | None = None) -> DetectorCard:
    """Write the detector file of a published file that is here.

    Args:
        fetched: The published file.
        entry: The published detector.
        out: The detector file.
        base_weights: Where the base's weights are, if not where the entry says.

    Raises:
        FacefakeError: ``weights_not_found`` for the base, with what to bring; what
            :func:`facefake.importing.convert.convert` raises.
    """
    from facefake.importing.convert import convert

    try:
        return convert(
            fetched.path,
            entry,
            out,
            source=fetched.source,
            revision=fetched.revision,
            base_weights=base_weights,
        )
    except FacefakeError as error:
        if error.code == "weights_not_found" and base_weights is None:
            hint = _base_to_bring(entry, fetched.path)
        elif error.code == "not_writable" and out == kept_file(entry.name):
            hint = "Set FACEFAKE_CACHE to a folder that can be written, or free space."
        else:
            raise
        raise FacefakeError(error.code, error.message, hint) from error


def _base_to_bring(entry: Entry, file: Path) -> str:
    from facefake.models.weights import file_to_bring, hub_repository

    name, weights = entry.backbone.name, entry.backbone.weights
    repository = hub_repository(name, weights)
    base = (
        f"{file_to_bring(name, weights)} from https://huggingface.co/{repository}"
        if repository
        else f"the weights of {name}"
    )
    return (
        f"{elsewhere(entry)} Or bring {base} and run `facefake detectors import {file} --as {entry.name} --base FILE`."
    )


def is_kept(entry: Entry) -> bool:
    """Whether its detector file is here, and is still what is known under that name."""
    path = kept_file(entry.name)
    if not path.is_file():
        return False
    try:
        return _is_of(read_card(path), entry)
    except FacefakeError:
        return False  # damaged, or of an older form: it is made anew


def _is_of(card: DetectorCard, entry: Entry) -> bool:
    """Whether a file was made from one of the entry's sources, and in the way it says."""
    origin = card.origin
    if origin is None or origin.name != entry.name:
        return False
    digests = [source.sha256 if isinstance(source, Hub | Link) else None for source in entry.sources]
    spec = entry.backbone
    made = (card.backbone.name, card.backbone.feature, card.strategy, card.head, card.geometry, card.face_detector)
    wanted = (spec.name, spec.feature, entry.strategy, entry.head, entry.geometry.to_dict(), entry.face_detector)
    return made == wanted and (None in digests or origin.sha256 in digests)
