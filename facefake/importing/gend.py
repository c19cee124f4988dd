"""GenD on CLIP as published: the vision model and projection of ``transformers``, and a linear map (arXiv:2508.06248).

Names are those of ``src/hf/modeling_gend.py`` of yermandy/GenD: ``feature_extractor.vision_model.…`` and
``model.linear``. The head is on the normalised feature before the projection, its classes real and fake in that order.
Its LayerNorms are tuned; everything else is kept whole in the file.
"""

from __future__ import annotations

from facefake.importing.names import find_tower, to_open_clip
from facefake.importing.parts import Parts
from facefake.importing.taking import mismatch, take_head
from facefake.models.backbone import Backbone
from facefake.opening.opened import Opened

_WHAT = "GenD on CLIP"


def gend_clip(opened: Opened, backbone: Backbone) -> Parts:
    """Read GenD on CLIP.

    Args:
        opened: ``model.safetensors``.
        backbone: The base, for the width of its feature.

    Raises:
        FacefakeError: ``import_mismatch``.
    """
    tower = find_tower(opened.tensors)
    if not tower:
        raise mismatch(opened, _WHAT, "it holds no vision model of CLIP as transformers names it")
    return Parts(tower=to_open_clip(tower), head=take_head(opened, _WHAT, "model.linear", backbone.dim))
