"""From a published file to a detector file: only what differs from the base, if that is the right one.

What a detector's authors did not tune is still in most published files. It must be the base's, within the rounding of
the coarsest number format that base or file have been through, or the file belongs to another base.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from facefake._version import __version__
from facefake.importing.forms import read_parts
from facefake.importing.parts import Parts
from facefake.importing.taking import mismatch
from facefake.models.backbone import Backbone, load_backbone
from facefake.models.card import DetectorCard, OriginCard
from facefake.models.detector import describe_backbone, save_detector
from facefake.models.file import read_card
from facefake.models.folding import fold
from facefake.models.lora import stored_name
from facefake.models.network import Network
from facefake.models.strategies import bare_network, trained_of_tower
from facefake.models.tuning import AdapterSettings, LoraSettings
from facefake.opening.opened import Opened, open_published
from facefake.registry.entry import Entry
from preprocessing.errors import FacefakeError

_TOWER = "backbone.visual."
# of a tensor's largest value: far above what float32 loses in a product of matrices, far below any tuning
_ARITHMETIC = 1e-4


def convert(
    file: Path,
    entry: Entry,
    out: Path,
    *,
    source: str | None = None,
    revision: str | None = None,
    base_weights: str | None = None,
) -> DetectorCard:
    """Write the detector file of a published detector.

    Args:
        file: What its authors published.
        entry: What is known of it; its form says how the file is read, its strategy what of it is kept.
        out: The detector file; it is written in one step.
        source: Where the file is from, for the card; the file's name if nothing is said.
        revision: The commit it is from, for the card.
        base_weights: Where the base's weights are, if not where the entry says.

    Returns:
        The card of the detector file.

    Raises:
        FacefakeError: What :func:`facefake.opening.opened.open_published` and
            :func:`facefake.models.backbone.load_backbone` raise; ``import_mismatch`` if the file is not of the entry's
            form; ``backbone_mismatch`` if it belongs to another base; ``import_damaged`` if it holds values that are
            not finite; ``not_writable``.
    """
    opened = open_published(Path(file))
    backbone = load_backbone(replace(entry.backbone, weights=base_weights or entry.backbone.weights))
    parts = read_parts(entry.form, opened, backbone)
    base = backbone.visual.state_dict()
    network = _network(backbone, entry, parts)
    deviation = _check_base(opened, entry, parts.tower, base, trained_of_tower(network, entry.strategy))
    _fill(opened, entry, network, parts)
    card = DetectorCard(
        tool_version=__version__,
        backbone=describe_backbone(backbone),
        strategy=entry.strategy,
        head=entry.head,
        geometry=entry.geometry.to_dict(),
        face_detector=entry.face_detector,
        origin=OriginCard(
            name=entry.name,
            source=source or opened.path.name,
            revision=revision,
            sha256=opened.sha256,
            licence=entry.weights.name,
            project=entry.project,
            training_sets=list(entry.training_sets),
            base_deviation=deviation,
        ),
    )
    save_detector(Path(out), network, card)
    return read_card(Path(out))


def _network(backbone: Backbone, entry: Entry, parts: Parts) -> Network:
    """What the detector file will fill, with ``requires_grad`` on what it will hold."""
    network = bare_network(
        backbone,
        entry.strategy,
        entry.head,
        parts.adapter_settings or AdapterSettings(),
        parts.lora_settings or LoraSettings(),
    )
    tower = trained_of_tower(network, entry.strategy)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in tower or not name.startswith("backbone."))
    return network


def _check_base(
    opened: Opened, entry: Entry, tower: dict[str, Tensor], base: dict[str, Tensor], trained: set[str]
) -> float | None:
    """The largest deviation of an untuned tensor from the base's, if there is one; an error if it is not the base's."""
    if not tower:
        return None
    _check_shapes(opened, entry, tower, base)
    unit = _rounding(opened.tensors.values())
    deviations = {name: _deviation(tower[name], wanted, unit) for name, wanted in base.items()}
    same = {name for name, (equal, _) in deviations.items() if equal}
    tuned = {name for name in base if _TOWER + name in trained}
    if tuned and tuned <= same:
        raise mismatch(opened, _expected(entry), "its tower is the base's, nothing of it was tuned")
    untuned = sorted(set(base) - tuned)
    if wrong := [name for name in untuned if name not in same]:
        raise FacefakeError(
            "backbone_mismatch",
            f"{opened.path} was not tuned from these weights of {entry.backbone.name}: {len(wrong)} of {len(untuned)} "
            f"tensors that {entry.name} leaves as they were differ, e.g. {wrong[0]} by "
            f"{deviations[wrong[0]][1]:.1%} of its largest value",
            f"Its base is {entry.backbone.weights!r} of {entry.backbone.name}; a file of these is named with --base.",
        )
    return max((deviations[name][1] for name in untuned), default=None)


def _check_shapes(opened: Opened, entry: Entry, tower: dict[str, Tensor], base: dict[str, Tensor]) -> None:
    expected = _expected(entry)
    if missing := sorted(set(base) - set(tower)):
        raise mismatch(opened, expected, f"{len(missing)} tensors of the tower are missing, e.g. {missing[0]}")
    # a tower that ends before the projection has none
    if extra := sorted(set(tower) - set(base) - {"proj"}):
        raise mismatch(opened, expected, f"the tower has {len(extra)} tensors too many, e.g. {extra[0]}")
    for name, wanted in base.items():
        _check_tensor(opened, expected, name, tower[name], wanted)


def _check_tensor(opened: Opened, expected: str, name: str, found: Tensor, wanted: Tensor) -> None:
    if found.shape != wanted.shape:
        raise mismatch(opened, expected, f"{name} is {tuple(found.shape)}, not {tuple(wanted.shape)}")
    if not torch.isfinite(found).all():
        raise FacefakeError(
            "import_damaged", f"{opened.path} holds values that are not finite, in {name}", "Fetch the file again."
        )


def _rounding(tensors: Iterable[Tensor]) -> float:
    """Of the coarsest number format in a file, relative to a value; at least float16's, which CLIP was published in."""
    formats = {tensor.dtype for tensor in tensors if tensor.is_floating_point()}
    return max(torch.finfo(each).eps / 2 for each in {torch.float16, *formats})


def _deviation(found: Tensor, base: Tensor, unit: float) -> tuple[bool, float]:
    """Whether two tensors are one, each value but for its rounding and for what arithmetic loses; and how far they lie
    apart at most, relative to the base's largest value."""
    if torch.equal(found, base):  # nearly always, and ten times as fast
        return True, 0.0
    apart, size = (found - base).abs(), base.abs()
    largest = size.max()
    equal = bool((apart <= unit * size + _ARITHMETIC * largest).all())
    return equal, float(apart.max() / largest.clamp(min=torch.finfo(base.dtype).tiny))


def _fill(opened: Opened, entry: Entry, network: Network, parts: Parts) -> None:
    """Put the parts where the detector file will take them from."""
    found = {f"{_TOWER}{name}": tensor for name, tensor in {**parts.tower, **parts.updates}.items()}
    found |= {f"adapter.{name}": tensor for name, tensor in parts.adapter.items()}
    found |= {f"head.{name}": tensor for name, tensor in parts.head.items()}
    state = network.state_dict()
    for name in fold(network)[1]:
        if stored_name(name) not in found:
            raise mismatch(opened, _expected(entry), f"{stored_name(name)} is missing")
        _check_tensor(opened, _expected(entry), stored_name(name), found[stored_name(name)], state[name])
        state[name].copy_(found[stored_name(name)])


def _expected(entry: Entry) -> str:
    return f"{entry.name} on {entry.backbone.name}"
