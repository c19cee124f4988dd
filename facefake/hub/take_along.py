"""A published detector and its base in a folder, for a machine that has no network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from facefake.hub.say import Say, silent
from facefake.models.card import BackboneCard
from facefake.models.file import read_card
from facefake.registry.entry import Entry
from preprocessing.digest import sha256_file
from preprocessing.errors import FacefakeError
from preprocessing.files import copy_atomic, write_atomic


def take_along(entry: Entry, detector: Path, folder: Path, *, say: Say = silent) -> list[Path]:
    """Write a detector file, the weights of its base beside it, and a text that says where they are from.

    The base is its visual tower alone, which is all that a detector needs. It is called by its model, as
    :func:`facefake.models.detector.load_detector` looks for it, and serves every detector of the folder on that model.

    Args:
        entry: The published detector.
        detector: Its detector file.
        folder: Where to; it is made.
        say: Told what takes time.

    Returns:
        Detector file, base and text.

    Raises:
        FacefakeError: ``backbone_mismatch`` if other weights of that model lie there; ``not_writable``; what loading
            the base raises.
    """
    card = read_card(detector).backbone
    file, base, text = (folder / name for name in (detector.name, f"{card.name}.safetensors", f"{entry.name}.txt"))
    if not base.is_file():
        say(f"writing the weights of {card.name}: {base}")
        _write_base(card, base)
    _check_base(entry, base, card.sha256)
    copy_atomic(detector, file)
    write_atomic(text, _words(entry, file, base).encode())
    return [file, base, text]


def _write_base(card: BackboneCard, path: Path) -> None:
    from safetensors.torch import save

    from facefake.models.weights import local_file, not_found, read_tensors, visual_part

    found = local_file(card.name, card.weights)
    if found is None:
        raise not_found(None, f"the weights of {card.name} ({card.weights})", "they are in no file")
    tensors = visual_part(read_tensors(found))
    write_atomic(path, save({name: tensor.contiguous() for name, tensor in tensors.items()}))


def _check_base(entry: Entry, path: Path, sha256: str) -> None:
    """What lies there is loaded as it will be on the other machine."""
    from facefake.models.backbone import load_backbone

    if load_backbone(replace(entry.backbone, weights=str(path))).sha256 != sha256:
        raise FacefakeError(
            "backbone_mismatch",
            f"{path} holds other weights of {entry.backbone.name} than {entry.name} was tuned from",
            "Choose another folder, or delete that file.",
        )


def _words(entry: Entry, file: Path, base: Path) -> str:
    """Where the files are from, under which terms, and their digests as ``sha256sum -c`` reads them."""
    origin = read_card(file).origin
    assert origin is not None  # every converted file has one
    commit = f", commit {origin.revision}" if origin.revision else ""
    return "\n".join(
        (
            f"{entry.name}: {entry.title}",
            f"made from {origin.source}{commit}, a file with the SHA-256 {origin.sha256}",
            f"licence of the weights: {entry.weights.name} ({entry.weights.url})",
            f"tuned from {entry.backbone.name}, weights {entry.backbone.weights}: the visual tower is beside it",
            "",
            f"facefake score FILE --detector {file.name}",
            "",
            *(f"{sha256_file(each)}  {each.name}" for each in (file, base)),
            "",
        )
    )
