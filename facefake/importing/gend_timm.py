"""GenD on PE-Core and on DINOv3 as published (arXiv:2508.06248): the whole tower, and a linear map on its feature.

Names are those of ``src/hf/modeling_gend.py`` of yermandy/GenD: ``feature_extractor.backbone.…``, which are timm's for
PE-Core and transformers' for DINOv3, and ``model.linear``. The head is on the normalised feature, its classes real and
fake in that order. Tuned is every parameter with ``norm`` in its name, which is every LayerNorm of either tower, that
in PE-Core's attention pool too; the towers see 224 pixels, for which PE-Core's position embeddings, kept for 336, are
resampled.
"""

from __future__ import annotations

from typing import Any

from facefake.importing.parts import Parts
from facefake.importing.taking import mismatch, take_head
from facefake.models.backbone import Backbone
from facefake.models.trunk import fit_positions, trunk_names
from facefake.opening.opened import Opened

_TOWER = "feature_extractor.backbone."


def gend_pe(opened: Opened, backbone: Backbone) -> Parts:
    """Read GenD on PE-Core.

    Args:
        opened: ``model.safetensors``, or a checkpoint of its training.
        backbone: The base, for its names, the width of its feature and the grid of its positions.

    Raises:
        FacefakeError: ``import_mismatch``.
    """
    return _read(opened, backbone, "GenD on PE-Core", "attn_pool.latent", "PE-Core as timm names it")


def gend_dinov3(opened: Opened, backbone: Backbone) -> Parts:
    """Read GenD on DINOv3; arguments and errors are those of :func:`gend_pe`."""
    return _read(opened, backbone, "GenD on DINOv3", "embeddings.register_tokens", "DINOv3 as transformers names it")


def _read(opened: Opened, backbone: Backbone, expected: str, landmark: str, tower: str) -> Parts:
    if _TOWER + landmark not in opened.tensors:
        raise mismatch(opened, expected, f"it holds no tower of {tower}")
    own = {
        name.removeprefix(_TOWER): tensor.float() for name, tensor in opened.tensors.items() if name.startswith(_TOWER)
    }
    visual: Any = backbone.visual
    return Parts(
        tower=fit_positions(trunk_names(own, visual.state_dict()), visual),
        head=take_head(opened, expected, "model.linear", backbone.dim),
    )
