"""The detector file: one ``.safetensors`` of only what was trained, with a card in its header; or an exported one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from facefake.models import weights as source
from facefake.models.adapter import Adapter
from facefake.models.backbone import Backbone, BackboneSpec, load_backbone
from facefake.models.card import BackboneCard, DetectorCard
from facefake.models.file import HEADER_KEY, check_suffix, corrupt, damaged, is_onnx, read_card
from facefake.models.folding import fold
from facefake.models.lora import merge_lora, stored_name
from facefake.models.network import Network
from facefake.models.norms import statistics
from facefake.models.onnx.file import invalid
from facefake.models.precision import Precision
from facefake.models.preprocess import Preprocess
from facefake.models.runner import Runner, TorchRunner
from facefake.models.strategies import bare_network, trained_of_tower
from facefake.models.tuning import FROZEN, AdapterSettings, LoraSettings
from preprocessing.device import pick_device
from preprocessing.digest import sha256_file
from preprocessing.errors import FacefakeError
from preprocessing.faces.align import WHOLE
from preprocessing.files import write_atomic

if TYPE_CHECKING:
    from preprocessing.faces import CropGeometry


class Detector:
    """A forgery detector ready to score crops. Made by :func:`load_detector`.

    Args:
        runner: What computes its answers.
        card: What the detector file says of itself.
        path: The file it came from.

    Attributes:
        runner: What computes its answers.
        card: The detector's card.
        device: Where it runs.
        precision: ``bf16`` or ``fp32``; of an exported one what it was exported in.
    """

    def __init__(self, runner: Runner, card: DetectorCard, path: Path) -> None:
        self.runner, self.card, self.path = runner, card, path
        self.device, self.precision = runner.device, runner.precision
        self._preprocess = Preprocess.of(card.backbone)
        self._sha256 = sha256_file(path)

    @property
    def frozen(self) -> bool:
        """Whether its features are those of its base, which other detectors on it share."""
        return self.card.strategy in FROZEN and self.card.export is None

    @property
    def whole(self) -> bool:
        """Whether it judges whole pictures, not face crops."""
        return self.card.geometry.get("template") in WHOLE

    def score(self, crops: Sequence[NDArray[np.uint8]], batch_size: int = 32) -> NDArray[np.float64]:
        """P(fake) of each crop, the model's own, not calibrated.

        Args:
            crops: uint8 RGB (h, w, 3) each, cut with the detector's geometry; sizes may differ.
            batch_size: Crops at a time on the device; changes speed and memory, not scores.

        Returns:
            (n,) float64 in 0..1, in the crops' order.
        """
        return self.classify(self.encode(crops, batch_size))

    def encode(self, crops: Sequence[NDArray[np.uint8]], batch_size: int = 32) -> NDArray[np.float32]:
        """The feature of each crop: what takes the time of :meth:`score`, and can be kept.

        Args:
            crops: As for :meth:`score`.
            batch_size: Crops at a time on the device.

        Returns:
            (n, dim) float32, in the crops' order.
        """
        features = np.zeros((len(crops), self.runner.dim), np.float32)
        for start in range(0, len(crops), batch_size):
            pictures = [self._preprocess.resize(crop) for crop in crops[start : start + batch_size]]
            features[start : start + batch_size] = self.runner.features(torch.stack(pictures))
        return features

    def classify(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """P(fake) of each feature.

        Args:
            features: (n, dim) float32, as :meth:`encode` gives them.

        Returns:
            (n,) float64 in 0..1.
        """
        logits = torch.from_numpy(self.runner.logits(features))
        probability: NDArray[np.float64] = logits.double().softmax(1)[:, 1].numpy()
        return probability

    def check_geometry(self, geometry: CropGeometry) -> None:
        """Raise unless crops of this geometry are those the detector was trained on.

        Raises:
            FacefakeError: ``crop_mismatch``, naming what differs.
        """
        given, trained = geometry.to_dict(), self.card.geometry
        differing = [key for key in {**trained, **given} if given.get(key) != trained.get(key)]
        if differing:
            words = "; ".join(f"{key} {trained.get(key)} trained, {given.get(key)} given" for key in differing)
            raise FacefakeError(
                "crop_mismatch",
                f"the detector was trained on other crops: {words}",
                "Extract the faces anew with the detector's crop geometry, or use another detector.",
            )

    def facts(self) -> dict[str, Any]:
        """What results say of the detector: plain values, ready for JSON.

        What could change a result (pooling, threshold, the calibration's parameters) is in the results' settings; of
        the calibration the data it was fitted on is told here too, beside that of training and selection.
        """
        card = self.card.model_dump(mode="json", exclude={"metrics", "threshold", "threshold_source", "pooling"})
        if fitted := card["calibration"]:
            card["calibration"] = {name: fitted[name] for name in ("method", "fitted_on")}
        return {
            "name": self.path.name,
            "sha256": self._sha256,
            **card,
            "device": str(self.device),
            "precision": self.precision,
        }


def save_detector(path: Path, network: Network, card: DetectorCard) -> None:
    """Write a detector file in one step: a reader finds the old file or the new one, never a half.

    It holds, as float32, the head and else only what training changed: parameters, and running statistics of
    BatchNorms. A head with a text tower is folded, see :func:`facefake.models.folding.fold`; low-rank updates are kept
    as such.

    Args:
        path: Where to; its folder is made.
        network: As :func:`facefake.models.strategies.tuned_network` made it.
        card: Its card; the head, and the settings of adapter and updates, are those of the network.

    Raises:
        FacefakeError: ``not_writable``; ``usage`` for the name of an exported one.
    """
    check_suffix(Path(path), exported=False)
    network, names = fold(network)
    state = network.state_dict()
    tensors = {stored_name(name): _as_stored(state[name]) for name in names}
    card = card.model_copy(
        update={
            "head": "hyperspherical" if card.head == "text" else card.head,
            "adapter": network.adapter.settings if isinstance(network.adapter, Adapter) else None,
            "lora": network.backbone.lora,
        }
    )
    write_atomic(Path(path), save(tensors, metadata={HEADER_KEY: card.model_dump_json()}))


def _as_stored(tensor: Tensor) -> Tensor:
    tensor = tensor.cpu().contiguous()
    return tensor.float() if tensor.is_floating_point() else tensor  # the count of a BatchNorm's batches is whole


def describe_backbone(backbone: Backbone) -> BackboneCard:
    """The part of a card that speaks of the backbone."""
    return BackboneCard(
        name=backbone.spec.name,
        weights=backbone.spec.weights,
        sha256=backbone.sha256,
        image_size=backbone.image_size,
        mean=backbone.mean,
        std=backbone.std,
        feature=backbone.spec.feature,
        interpolation=backbone.interpolation,
    )


def load_detector(
    path: Path,
    device: str | None = None,
    backbone_weights: str | None = None,
    *,
    precision: Precision = "auto",
) -> Detector:
    """Load a detector file and the base it belongs to; an exported one holds its base, and runs in ONNX Runtime.

    Args:
        path: The detector file, ``.safetensors`` or ``.onnx``.
        device: ``cpu``, ``cuda``, ``mps``; the best one by default.
        backbone_weights: Where the base's weights are, if not where the card says (nor beside the detector file).
        precision: ``auto`` is bf16 where it pays, else fp32; of an exported one what it was exported in.

    Raises:
        FacefakeError: ``detector_not_found``, ``detector_pickle``, ``detector_corrupt``, ``backbone_mismatch``,
            ``device_unavailable``, and what :func:`facefake.models.backbone.load_backbone` raises. Of an exported one
            ``export_invalid``, ``package_missing``, and ``usage`` if it is told a base or another precision.
    """
    path = Path(path)
    if is_onnx(path):
        return _load_exported(path, device, backbone_weights, precision)
    chosen, card, tensors = pick_device(device), read_card(path), _tensors(path)
    backbone = load_backbone(_find_base(card.backbone, path.parent, backbone_weights))
    _check_base(card.backbone, backbone)
    network, names = _build(backbone, card, path)
    _fill(network, names, tensors, path)
    merge_lora(backbone)
    return Detector(TorchRunner(network, chosen, precision), card, path)


def _load_exported(path: Path, device: str | None, backbone_weights: str | None, precision: Precision) -> Detector:
    from facefake.models.onnx.runner import OnnxRunner

    card = read_card(path)
    if card.export is None:
        raise invalid(path, "its card does not say how it was exported")
    exported = card.export.precision
    if backbone_weights is not None or precision not in ("auto", exported):
        raise FacefakeError(
            "usage",
            f"{path} is an exported detector: it holds its base's weights, in {exported}",
            "Use it as it is, or export it again with another --precision.",
        )
    return Detector(OnnxRunner(path, card, exported, device), card, path)


def _build(backbone: Backbone, card: DetectorCard, path: Path) -> tuple[Network, list[str]]:
    """The network a file fills, and the names of what it fills."""
    if card.head == "text":
        raise corrupt(path, "its head is text, which would need a text tower")
    for name, settings in (("adapter", card.adapter), ("lora", card.lora)):
        if (card.strategy == name) != (settings is not None):
            raise corrupt(
                path, f"its strategy is {card.strategy}, and its card has {settings and 'settings'} of {name}"
            )
    try:
        network = bare_network(
            backbone, card.strategy, card.head, card.adapter or AdapterSettings(), card.lora or LoraSettings()
        )
        tower = trained_of_tower(network, card.strategy)
    except FacefakeError as error:
        raise corrupt(path, error.message) from error
    beside = [name for name, _ in network.named_parameters() if not name.startswith("backbone.")]
    return network, sorted(tower | set(beside))


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (SafetensorError, OSError) as error:
        raise damaged(path, error) from error
    return tensors


def _find_base(card: BackboneCard, folder: Path, override: str | None) -> BackboneSpec:
    """Where the base's weights are: as told, as recorded, or beside the detector file."""
    if override is not None:
        return BackboneSpec(card.name, override, card.feature)
    recorded = BackboneSpec(card.name, card.weights, card.feature)
    made_up = card.weights.startswith("random:") or card.weights == "hub"
    if not made_up and source.local_file(card.name, card.weights) is None:
        for name in (Path(card.weights).name, f"{card.name}.safetensors", source.HUB_FILES[0]):
            if (folder / name).is_file():
                return BackboneSpec(card.name, str(folder / name), card.feature)
    return recorded


def _check_base(card: BackboneCard, backbone: Backbone) -> None:
    if backbone.sha256 != card.sha256:
        raise FacefakeError(
            "backbone_mismatch",
            f"the detector was tuned on other weights of {card.name}: {card.sha256[:12]} ({card.weights}), here are "
            f"{backbone.sha256[:12]} ({backbone.spec.weights})",
            "Bring the weights the detector was trained on and name them as the backbone's weights.",
        )
    # a file of weights does not say its normalisation, so the card decides
    backbone.mean, backbone.std, backbone.interpolation = card.mean, card.std, card.interpolation
    if backbone.image_size != card.image_size:
        raise FacefakeError(
            "backbone_mismatch",
            f"the detector was tuned on pictures of {card.image_size} pixels, {card.name} takes {backbone.image_size}",
            "Use the open_clip the detector was trained with.",
        )


def _fill(network: Network, names: list[str], tensors: dict[str, Tensor], path: Path) -> None:
    state = network.state_dict()
    stored = {stored_name(name): state[name] for name in names}
    moved = {f"backbone.{name}" for name in statistics(network.backbone)}
    if moved.isdisjoint(tensors):  # of earlier versions, which trained with the base's
        stored = {name: tensor for name, tensor in stored.items() if name not in moved}
    if missing := sorted(set(stored) - set(tensors)):
        raise corrupt(path, f"{len(missing)} tensors are missing, e.g. {missing[0]}")
    if extra := sorted(set(tensors) - set(stored)):
        raise corrupt(path, f"it holds {len(extra)} tensors its strategy does not train, e.g. {extra[0]}")
    for name, wanted in stored.items():
        found = tensors[name]
        if found.shape != wanted.shape or found.dtype != wanted.dtype:
            raise corrupt(
                path, f"{name} is {found.dtype} {tuple(found.shape)}, not {wanted.dtype} {tuple(wanted.shape)}"
            )
        if not torch.isfinite(found).all():
            raise corrupt(path, f"{name} holds values that are not finite")
        wanted.copy_(found)
