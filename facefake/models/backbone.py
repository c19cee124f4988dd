"""The backbone: the visual tower of an open_clip model, up to the feature before or after its projection."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import open_clip
from open_clip.timm_model import TimmModel
from torch import Tensor, nn

from facefake.models import weights as source
from facefake.models.norms import batch_norms, update_once
from facefake.models.origin import locate
from facefake.models.preprocess import Preprocess
from facefake.models.spec import HUB_PREFIX, BackboneSpec, Interpolation
from facefake.models.tower import end_at, feature_width, picture_side, random_tower, tower_from_file, weights_digest
from facefake.models.trunk import fit_side
from facefake.models.tuning import LoraSettings

Triple = tuple[float, float, float]

DEFAULT = BackboneSpec("ViT-L-14-quickgelu", "openai")


class Backbone(nn.Module):
    """A visual tower, with its projection only where the feature is the joint one.

    Args:
        visual: open_clip's visual tower, its projection still on or already taken off; it is changed in place.
        spec: What it was made from.
        mean: Per-channel mean its pictures are normalised with, on the 0..1 scale.
        std: Per-channel standard deviation.
        interpolation: How its pictures are resized.

    Attributes:
        dim: Width of the feature.
        image_size: Side of the pictures, in pixels.
        sha256: Digest of the base weights as loaded, before any training and before positions are resampled, which
            machines may round differently; see :func:`weights_digest`. That of the projection too where the feature is
            the joint one.
        lora: Of the low-rank updates on its weights; ``None``: there are none.
        trains_statistics: Whether its BatchNorms train: see :meth:`train`.

    Raises:
        FacefakeError: ``backbone_unknown`` if the tower does not have that feature; ``config_invalid`` if the model's
            config leaves its map unpooled.
    """

    def __init__(
        self,
        visual: nn.Module,
        spec: BackboneSpec,
        mean: Triple,
        std: Triple,
        interpolation: Interpolation = "bicubic",
    ) -> None:
        super().__init__()
        end_at(visual, spec.feature, spec.name)
        self.visual = visual
        self.spec, self.mean, self.std, self.interpolation = spec, mean, std, interpolation
        self.image_size = picture_side(visual, spec.name)
        self.sha256 = weights_digest(visual)
        fit_side(visual)
        self.lora: LoraSettings | None = None
        self.trains_statistics = False
        self.eval()
        self.dim = feature_width(visual, spec.name)

    @property
    def preprocess(self) -> Preprocess:
        """From a crop to the picture this backbone wants."""
        return Preprocess(self.image_size, self.mean, self.std, self.interpolation)

    def checkpoint_gradients(self) -> None:
        """Compute activations again in the backward pass instead of keeping them."""
        enable: Any = self.visual.set_grad_checkpointing
        enable(True)
        update_once(self.visual)

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalised pictures (n, 3, size, size) to features (n, dim)."""
        feature: Tensor = self.visual(pictures)
        return feature

    def train(self, mode: bool = True) -> Backbone:
        """Training mode for the BatchNorms if their statistics train; all else stays in evaluation mode.

        In training mode a BatchNorm normalises by the statistics of the batch, and moves its running ones towards them.
        With a strategy that leaves the base's weights alone the base's statistics stay, too. Dropout would make a
        resumed run another one.
        """
        super().train(False)
        self.training = mode and self.trains_statistics
        for _, norm in batch_norms(self.visual):
            norm.training = self.training
        return self


def load_backbone(spec: BackboneSpec) -> Backbone:
    """Load a backbone, in float32; the text tower is left out.

    It is on the CPU. With random weights it is on torch's default device: under ``torch.device("meta")`` it has its
    shapes and no memory.

    Args:
        spec: Name and weights. Published weights are fetched if they are not on this machine.

    Raises:
        FacefakeError: ``backbone_unknown``, ``weights_not_found``, ``weights_invalid``, ``config_invalid`` (name and
            weights that contradict each other, a model's config of which no tower with a feature can be built).

    Example:
        >>> backbone = load_backbone(BackboneSpec("tiny-vit", "random:0"))
        >>> backbone.dim, backbone.image_size
        (64, 32)
    """
    origin = locate(spec)
    if isinstance(origin, int):
        visual = random_tower(spec.name, origin)
    elif isinstance(origin, Path):
        visual = tower_from_file(spec.name, origin, spec.feature)
    else:
        visual = cast(nn.Module, origin.visual)
    return Backbone(visual, spec, *_normalisation(spec, visual), _interpolation(visual))


def find_weights(spec: BackboneSpec) -> Path | None:
    """The file on this machine that holds the weights, ``None`` if they would have to be fetched.

    Example:
        >>> find_weights(BackboneSpec("ViT-L-14-quickgelu", "missing.safetensors")) is None
        True
    """
    return source.local_file(spec.name, spec.weights)


def _normalisation(spec: BackboneSpec, visual: nn.Module) -> tuple[Triple, Triple]:
    """Mean and std.

    A model of the hub brings its own, and a tag has its own; of a file those on which all published weights of that
    model agree, of a tower that only timm publishes timm's, else OpenAI's.
    """
    if spec.name.startswith(HUB_PREFIX):
        settings: Any = visual.preprocess_cfg
        return _triple(settings["mean"]), _triple(settings["std"])
    own = open_clip.get_pretrained_cfg(spec.name, spec.weights)
    tags = [spec.weights] if own else open_clip.list_pretrained_tags_by_model(spec.name)
    found = {
        (_triple(published["mean"]), _triple(published["std"]))
        for published in (open_clip.get_pretrained_cfg(spec.name, tag) for tag in tags)
    }
    if len(found) == 1:
        return found.pop()
    if isinstance(visual, TimmModel) and not tags:
        timms = visual.trunk.pretrained_cfg
        return _triple(timms["mean"]), _triple(timms["std"])
    return _triple(open_clip.OPENAI_DATASET_MEAN), _triple(open_clip.OPENAI_DATASET_STD)


def _interpolation(visual: nn.Module) -> Interpolation:
    """As CLIP's own processor resizes; DINOv3's (Meta's code and transformers', not timm's settings) does otherwise."""
    dinov3 = isinstance(visual, TimmModel) and "dinov3" in visual.trunk.pretrained_cfg["architecture"]
    return "bilinear" if dinov3 else "bicubic"


def _triple(values: Iterable[float]) -> Triple:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
