"""The backbone: the visual tower of an open_clip model, up to the feature before or after its projection."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
from torch import Tensor, nn

from facefake.models import weights as source
from facefake.models.preprocess import Preprocess
from facefake.models.tower import (
    check_name,
    end_at,
    picture_side,
    quiet,
    random_tower,
    tower_from_file,
    weights_digest,
)
from facefake.models.tuning import Feature
from preprocessing.errors import FacefakeError

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """Which backbone, and with which weights.

    Attributes:
        name: A model of open_clip (``ViT-L-14-quickgelu``), one of ``configs/backbones`` (``tiny-vit``), or
            ``hf-hub:org/model``, which brings its own weights.
        weights: A published tag (``openai``), the path of a ``.safetensors`` or ``.pt`` file, ``hf-hub:org/model``,
            ``random:SEED``, or ``hub`` if the name already is one of the hub.
        feature: ``pooled``, the class token before the projection, or ``joint``, after it: a point in the space that
            pictures and texts share.
    """

    name: str
    weights: str
    feature: Feature = "pooled"


DEFAULT = BackboneSpec("ViT-L-14-quickgelu", "openai")


class Backbone(nn.Module):
    """A visual tower, with its projection only where the feature is the joint one.

    Args:
        visual: open_clip's visual tower, its projection still on or already taken off; it is changed in place.
        spec: What it was made from.
        mean: Per-channel mean its pictures are normalised with, on the 0..1 scale.
        std: Per-channel standard deviation.

    Attributes:
        dim: Width of the feature.
        image_size: Side of the pictures, in pixels.
        sha256: Digest of the base weights as loaded, before any training, see :func:`weights_digest`: that of the
            projection too where the feature is the joint one.

    Raises:
        FacefakeError: ``backbone_unknown`` if the tower does not have that feature.
    """

    def __init__(self, visual: nn.Module, spec: BackboneSpec, mean: Triple, std: Triple) -> None:
        super().__init__()
        self.dim = end_at(visual, spec.feature, spec.name)
        self.visual = visual
        self.spec, self.mean, self.std = spec, mean, std
        self.image_size = picture_side(visual, spec.name)
        self.sha256 = weights_digest(visual)
        self.eval()

    @property
    def preprocess(self) -> Preprocess:
        """From a crop to the picture this backbone wants."""
        return Preprocess(self.image_size, self.mean, self.std)

    def checkpoint_gradients(self) -> None:
        """Compute activations again in the backward pass instead of keeping them."""
        enable: Any = self.visual.set_grad_checkpointing
        enable(True)

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalised pictures (n, 3, size, size) to features (n, dim)."""
        feature: Tensor = self.visual(pictures)
        return feature


def load_backbone(spec: BackboneSpec) -> Backbone:
    """Load a backbone on the CPU, in float32; the text tower is left out.

    Args:
        spec: Name and weights. Published weights are fetched if they are not on this machine.

    Raises:
        FacefakeError: ``backbone_unknown``, ``weights_not_found``, ``weights_invalid``, ``config_invalid`` (name and
            weights that contradict each other).

    Example:
        >>> backbone = load_backbone(BackboneSpec("tiny-vit", "random:0"))
        >>> backbone.dim, backbone.image_size
        (64, 32)
    """
    if spec.name.startswith(source.HUB_PREFIX):
        return _from_hub_model(spec)
    check_name(spec.name)
    kind, _, rest = spec.weights.partition(":")
    if kind == "random":
        if not (rest.isdecimal() and len(rest) < 19):
            raise FacefakeError("config_invalid", f"{spec.weights!r} names no seed", "Write random:0, for example.")
        return Backbone(random_tower(spec.name, int(rest)), spec, *_normalisation(spec.name, None))
    published = open_clip.get_pretrained_cfg(spec.name, spec.weights)
    if published:
        _check_activation(spec, published)
        return _from_tag(spec)
    if kind == "hf-hub":
        path = source.local_file(spec.name, spec.weights) or _fetch_from_hub(rest)
        return Backbone(tower_from_file(spec.name, path, spec.feature), spec, *_normalisation(spec.name, None))
    if Path(spec.weights).suffix not in (".safetensors", ".pt", ".bin"):
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(spec.name)) or "none"
        raise FacefakeError(
            "weights_not_found",
            f"{spec.weights!r} is neither a published tag of {spec.name} (there are: {tags}) nor a weights file",
            "Name a tag, a .safetensors or .pt file, hf-hub:org/model or random:SEED as backbone.weights.",
        )
    return Backbone(
        tower_from_file(spec.name, Path(spec.weights), spec.feature), spec, *_normalisation(spec.name, None)
    )


def find_weights(spec: BackboneSpec) -> Path | None:
    """The file on this machine that holds the weights, ``None`` if they would have to be fetched.

    Example:
        >>> find_weights(BackboneSpec("ViT-L-14-quickgelu", "missing.safetensors")) is None
        True
    """
    return source.local_file(spec.name, spec.weights)


def _from_tag(spec: BackboneSpec) -> Backbone:
    normalisation = _normalisation(spec.name, spec.weights)
    path = source.local_file(spec.name, spec.weights)
    repository = source.hub_repository(spec.name, spec.weights)
    if path is None:
        what = f"the weights {spec.weights!r} of {spec.name}"
        source.require_network(repository, what)
        try:
            with quiet():
                path = Path(open_clip.download_pretrained(open_clip.get_pretrained_cfg(spec.name, spec.weights)))
        except (OSError, RuntimeError, ValueError) as error:
            raise source.not_found(repository, what, str(error).splitlines()[0]) from error
    if path.suffix == ".safetensors":
        return Backbone(tower_from_file(spec.name, path, spec.feature), spec, *normalisation)
    with _converting(path), quiet():  # older releases in other projects' forms, which open_clip converts
        model = open_clip.create_model(spec.name, pretrained=str(path), weights_only=True, require_pretrained=True)
    return Backbone(model.visual, spec, *normalisation)


def _from_hub_model(spec: BackboneSpec) -> Backbone:
    if spec.weights != "hub":
        raise FacefakeError(
            "config_invalid",
            f"{spec.name} brings its own weights, not {spec.weights!r}",
            "Set backbone.weights to hub.",
        )
    repository = spec.name.removeprefix(source.HUB_PREFIX)
    if source.local_file(spec.name, spec.name) is None:
        source.require_network(repository, f"the weights of {spec.name}")
    try:
        with quiet():
            model = open_clip.create_model(spec.name, weights_only=True, require_pretrained=True)
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        raise source.not_found(repository, f"the weights of {spec.name}", str(error).splitlines()[0]) from error
    settings = model.visual.preprocess_cfg
    return Backbone(model.visual, spec, _triple(settings["mean"]), _triple(settings["std"]))


def _fetch_from_hub(repository: str) -> Path:
    what = f"the weights of hf-hub:{repository}"
    source.require_network(repository, what)
    try:
        with quiet():
            return Path(open_clip.download_pretrained_from_hf(repository))
    except (OSError, RuntimeError, ValueError) as error:
        raise source.not_found(repository, what, str(error).splitlines()[0]) from error


def _check_activation(spec: BackboneSpec, published: dict[str, object]) -> None:
    """A tower built with another activation than its weights were trained with loads well and computes nonsense."""
    config = open_clip.get_model_config(spec.name)
    if bool(published.get("quick_gelu", False)) != bool(config.get("quick_gelu", False)):
        other = spec.name.removesuffix("-quickgelu") if config.get("quick_gelu") else f"{spec.name}-quickgelu"
        raise FacefakeError(
            "config_invalid",
            f"the weights {spec.weights!r} were trained with another activation than {spec.name} has",
            f"Use the backbone {other}.",
        )


def _normalisation(name: str, tag: str | None) -> tuple[Triple, Triple]:
    """Mean and std of a tag; without a tag those on which all published weights of that model agree, else OpenAI's."""
    tags = [tag] if tag else open_clip.list_pretrained_tags_by_model(name)
    found = {
        (_triple(published["mean"]), _triple(published["std"]))
        for published in (open_clip.get_pretrained_cfg(name, each) for each in tags)
    }
    if len(found) == 1:
        return found.pop()
    return _triple(open_clip.OPENAI_DATASET_MEAN), _triple(open_clip.OPENAI_DATASET_STD)


def _triple(values: Iterable[float]) -> Triple:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


@contextlib.contextmanager
def _converting(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise FacefakeError(
            "weights_invalid", f"{path} could not be loaded", "Delete it and fetch it again."
        ) from error
