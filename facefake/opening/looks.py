"""What a table of tensors looks like, told by the names in it: for the messages about a file that is another one."""

from __future__ import annotations

import re
from typing import Final

from torch import Tensor

# what a table is, and the pieces of names that all have to occur in it; the first that fits is said
_KINDS: Final = (
    ("a prompt learner as CoOp keeps it", ("ctx", "token_prefix")),
    ("an adapter on CLIP's features as CLIPping keeps it", ("fc.0.weight", "fc.2.weight")),
    ("a CLIP in Effort's form (weight_main and a residual)", ("weight_main", "S_residual")),
    ("a CLIP vision model with peft's tuned LayerNorms", ("base_layer", "ln_tuning_layers", "layer_norm1")),
    ("a CLIP in OpenCLIP's form for other text towers", ("visual.conv1.weight", "text.token_embedding")),
    ("a whole CLIP as OpenAI names it", ("visual.conv1.weight", "token_embedding.weight")),
    ("a whole CLIP's ResNet or ViT", ("visual.", "token_embedding.weight")),
    ("a CLIP vision tower as OpenAI names it", ("conv1.weight", "resblocks.", "class_embedding")),
    ("a whole CLIP as transformers names it", ("embeddings.patch_embedding", "self_attn.q_proj", "text_model.")),
    ("a CLIP vision model as transformers names it", ("embeddings.patch_embedding", "self_attn.q_proj")),
    ("a DINOv3 as transformers names it", ("embeddings.patch_embeddings", "register_tokens", "layer_scale1")),
    ("a perception encoder (PE) as timm names it", ("patch_embed.proj", "blocks.", "attn_pool.", "norm_pre")),
    ("a vision transformer as timm names it", ("patch_embed.proj", "blocks.")),
    ("a face detector", ("BboxHead", "LandmarkHead")),
    ("a face detector", ("bbox_head.", "stride_")),
    ("a face detector", ("pnet.", "onet.")),
    ("an Xception", ("block12.", "bn4.")),
    ("an EfficientNet", ("_blocks.", "_conv_stem")),
    ("a ResNet", ("layer1.0.conv1", "layer4.")),
)
_LAYER: Final = re.compile(r"(?:resblocks|layers?|blocks)\.(\d+)\.")
_CLASSIFIER: Final = re.compile(r"(?:^|\.)(?:linear|head|fc|classifier)\.weight$")
_PATCHES: Final = re.compile(r"(?:conv1|patch_embeddings?(?:\.proj)?)\.weight")


def looks_like(tensors: dict[str, Tensor]) -> str:
    """What the tensors are, in plain words.

    Example:
        >>> import torch
        >>> looks_like({"weight": torch.zeros(1, 768), "bias": torch.zeros(1)})
        'one linear layer from 768 values to 1'
        >>> looks_like({"a": torch.zeros(3)})
        '1 tensor: a (3)'
    """
    if set(tensors) in ({"weight", "bias"}, {"weight"}) and tensors["weight"].ndim == 2:
        return f"one linear layer from {tensors['weight'].shape[1]} values to {tensors['weight'].shape[0]}"
    for words, pieces in _KINDS:
        if all(any(piece in name for name in tensors) for piece in pieces):
            details = _size(tensors)
            return words + (f" ({', '.join(details)})" if details else "") + _head(tensors)
    return _listed(tensors)


def _size(tensors: dict[str, Tensor]) -> list[str]:
    """Width and depth of the tower that sees pictures."""
    seeing = {name: tensor for name, tensor in tensors.items() if "vis" in name} or tensors
    width = next((each.shape[0] for name, each in seeing.items() if _PATCHES.search(name) and each.ndim == 4), None)
    layers = {found.group(1) for name in seeing if (found := _LAYER.search(name))}
    return [f"width {width}"] * (width is not None) + [f"{len(layers)} layers"] * bool(layers)


def _head(tensors: dict[str, Tensor]) -> str:
    for name, tensor in tensors.items():
        if _CLASSIFIER.search(name) and tensor.ndim == 2:
            classes = tensor.shape[0]
            return f" with a head of {classes} {'class' if classes == 1 else 'classes'}"
    return ""


def _listed(tensors: dict[str, Tensor]) -> str:
    if not tensors:
        return "no tensors"
    some = ", ".join(f"{name} ({', '.join(map(str, each.shape))})" for name, each in list(tensors.items())[:3])
    return f"{len(tensors)} tensor{'s' * (len(tensors) > 1)}{', e.g.' if len(tensors) > 3 else ':'} {some}"
