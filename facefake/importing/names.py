"""CLIP's visual tower as ``transformers`` names it (``CLIPVisionModel``), in the names of open_clip.

Both compute the same. ``transformers`` keeps query, key and value apart where open_clip has one matrix of all three,
and keeps the projection as a layer's weight where open_clip multiplies with a matrix from the right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

# the one tensor by which such a tower is found; what stands before it is before all of the tower's names
_LANDMARK = "embeddings.patch_embedding.weight"
_LAYER = r"encoder\.layers\.(\d+)\."
_BLOCK = r"transformer.resblocks.\1."
_RENAMED = [
    (re.compile(pattern), name)
    for pattern, name in (
        (r"embeddings\.class_embedding", "class_embedding"),
        (r"embeddings\.patch_embedding\.weight", "conv1.weight"),
        (r"embeddings\.position_embedding\.weight", "positional_embedding"),
        (r"pre_layrnorm\.(weight|bias)", r"ln_pre.\1"),  # the spelling is transformers'
        (r"post_layernorm\.(weight|bias)", r"ln_post.\1"),
        (_LAYER + r"layer_norm([12])\.(weight|bias)", _BLOCK + r"ln_\2.\3"),
        (_LAYER + r"self_attn\.out_proj\.(weight|bias)", _BLOCK + r"attn.out_proj.\2"),
        (_LAYER + r"mlp\.fc1\.(weight|bias)", _BLOCK + r"mlp.c_fc.\2"),
        (_LAYER + r"mlp\.fc2\.(weight|bias)", _BLOCK + r"mlp.c_proj.\2"),
    )
]
_QUERY = re.compile(_LAYER + r"self_attn\.q_proj\.(weight|bias)")


def find_tower(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The part of a file that is a visual tower of ``transformers``, names relative to it, wherever it stands.

    Args:
        tensors: All of a file, names as in the file.

    Returns:
        The tower's; ``{}`` if there is none.

    Example:
        >>> list(find_tower({"model.vision_model.embeddings.patch_embedding.weight": torch.zeros(1), "head": None}))
        ['embeddings.patch_embedding.weight']
    """
    places = [name.removesuffix(_LANDMARK) for name in tensors if name.endswith(_LANDMARK)]
    if len(places) != 1:
        return {}
    return {name.removeprefix(places[0]): each for name, each in tensors.items() if name.startswith(places[0])}


def to_open_clip(tower: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A visual tower of ``transformers`` in open_clip's names, in float32.

    Args:
        tower: Names relative to it; what is no part of a tower (tables of positions, other modules beside it) is left
            out, and so is half an attention.

    Returns:
        Names relative to the visual tower, its projection left out.

    Example:
        >>> list(to_open_clip({"pre_layrnorm.weight": torch.ones(4), "embeddings.position_ids": torch.arange(5)}))
        ['ln_pre.weight']
    """
    renamed = {}
    for name, tensor in tower.items():
        for pattern, ours in _RENAMED:
            if match := pattern.fullmatch(name):
                renamed[match.expand(ours)] = tensor.float()
        if match := _QUERY.fullmatch(name):
            three = [name.replace("q_proj", each) for each in ("q_proj", "k_proj", "v_proj")]
            if all(each in tower for each in three):
                renamed[match.expand(_BLOCK + r"attn.in_proj_\2")] = torch.cat([tower[each].float() for each in three])
    return renamed
