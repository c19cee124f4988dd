"""Which backbone, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from facefake.models.tuning import Feature

HUB_PREFIX: Final = "hf-hub:"
"""Before the name of a repository on the Hugging Face hub."""

Interpolation: TypeAlias = Literal["bicubic", "bilinear"]


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """Which backbone, with which weights, and where it ends.

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
