"""The LN-tuned CLIP of arXiv:2503.19683 as published: a checkpoint of Lightning, and the same network traced.

Its LayerNorms were tuned with peft, which keeps the untuned one beside the tuned: ``….layer_norm1.base_layer.weight``
and ``….layer_norm1.ln_tuning_layers.default.weight``. The traced network may know of peft or not. The head is
``model.linear`` on the normalised feature before the projection, its classes real and fake in that order
(``src/model/dfdet.py`` of yermandy/deepfake-detection).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from facefake.importing.names import find_tower, to_open_clip
from facefake.importing.parts import Parts
from facefake.importing.taking import mismatch, take_head
from facefake.models.backbone import Backbone
from facefake.opening.opened import Opened

_WHAT = "the LN-tuned CLIP of the first paper"
_TUNED, _UNTUNED = ".ln_tuning_layers.default.", ".base_layer."
_HEAD = "model.linear.weight"


def ln_clip(opened: Opened, backbone: Backbone) -> Parts:
    """Read the LN-tuned CLIP.

    Args:
        opened: ``model.ckpt`` or ``model.torchscript``.
        backbone: The base, for the width of its feature.

    Raises:
        FacefakeError: ``import_mismatch``.
    """
    tower = find_tower(opened.tensors)
    if not tower:
        raise mismatch(opened, _WHAT, "it holds no vision model of CLIP as transformers names it")
    if opened.kind != "torchscript" and not any(_TUNED in name for name in tower):
        raise mismatch(opened, _WHAT, "none of its LayerNorms was tuned with peft")
    settings = opened.values.get("hyper_parameters")
    head = settings.get("head") if isinstance(settings, dict) else None
    if head not in (None, "LinearNorm"):
        raise mismatch(opened, _WHAT, f"its head is {head!r}, not 'LinearNorm'")
    # a traced network may be held by another module
    layer = next((name for name in opened.tensors if name.endswith(_HEAD)), _HEAD).removesuffix(".weight")
    return Parts(tower=to_open_clip(_tuned(tower)), head=take_head(opened, _WHAT, layer, backbone.dim))


def _tuned(tower: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without peft: the tuned LayerNorm under the name of the untuned."""
    return {name.replace(_TUNED, "."): each for name, each in tower.items() if _UNTUNED not in name}
