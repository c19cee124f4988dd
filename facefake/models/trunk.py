"""Towers of timm: the names their weights go under elsewhere, and how they see.

open_clip holds such a tower as its ``trunk``. timm publishes it alone, without that level; transformers publishes
DINOv3 (arXiv:2508.10104) under names of its own, with query, key and value apart.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import torch
from open_clip.timm_model import TimmModel
from timm.layers import resample_abs_pos_embed
from torch import Tensor
from torch.func import functional_call

from preprocessing.errors import FacefakeError, first_line

TRUNK = "trunk."
# transformers' DINOv3 to timm's Eva; query, key and value are joined apart from these
_DINOV3 = (
    (r"^embeddings\.register_tokens$", "reg_token"),
    (r"^embeddings\.patch_embeddings\.", "patch_embed.proj."),
    (r"^embeddings\.", ""),
    (r"^(model\.)?layer\.", "blocks."),
    (r"\.attention\.o_proj\.", ".attn.proj."),
    (r"\.attention\.", ".attn."),
    (r"\.layer_scale(\d)\.lambda1$", r".gamma_\1"),
    (r"\.mlp\.up_proj\.", ".mlp.fc1."),
    (r"\.mlp\.down_proj\.", ".mlp.fc2."),
)
_PARTS = re.compile(r"^(?P<attention>.*\.attn)\.[qkv]_proj\.weight$")
# tokens of training: nothing looks at them afterwards
_UNUSED = ("mask_token",)


def trunk_names(state: dict[str, Tensor], wanted: Collection[str]) -> dict[str, Tensor]:
    """Weights of a timm tower under the names open_clip has for it.

    Args:
        state: As open_clip, timm or transformers (DINOv3) name them; a ``mask_token`` is left out.
        wanted: The names open_clip's tower has. A bias of query, key or value that it does not have is left out where
            it is zero: DINOv3's distilled towers were published with such, and timm builds them without.

    Returns:
        The same tensors, transformers' queries, keys and values joined. Names that nothing is known of stay.
    """
    if not any(name.startswith(TRUNK) for name in state):
        alone = from_transformers(state) if "embeddings.cls_token" in state else state
        state = {TRUNK + name: tensor for name, tensor in alone.items() if name not in _UNUSED}
    return {name: tensor for name, tensor in state.items() if name in wanted or not _is_zero_bias(name, tensor)}


def from_transformers(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """transformers' ``DINOv3ViTModel`` under timm's names, those of versions 4 and 5 alike.

    Example:
        >>> sorted(from_transformers({f"layer.0.attention.{each}_proj.weight": torch.ones(2, 2) for each in "qkv"}))
        ['blocks.0.attn.qkv.weight']
    """
    named = {_renamed(name): tensor for name, tensor in state.items()}
    joined = {}
    for name, tensor in named.items():
        match = _PARTS.match(name)
        parts = [f"{match['attention']}.{each}_proj.weight" for each in "qkv"] if match else []
        if match and all(part in named for part in parts):
            joined[f"{match['attention']}.qkv.weight"] = torch.cat([named[part] for part in parts])
        else:
            joined[re.sub(r"\.([qkv])_proj\.bias$", r".\1_bias", name)] = tensor
    return joined


def fit_side(visual: torch.nn.Module) -> None:
    """Make a tower of timm, in place, take pictures of its config's side where timm built it for another.

    Absolute position embeddings are resampled as timm does it with ``dynamic_img_size``, but once and not at every
    picture; rotary ones are computed for the grid.
    """
    if not isinstance(visual, TimmModel):
        return
    built = getattr(getattr(visual.trunk, "patch_embed", None), "img_size", None)
    if built is not None and tuple(built) != tuple(visual.image_size):
        visual.set_input_size(visual.image_size)


def measured_width(visual: TimmModel, name: str) -> int:
    """Width of the feature a tower gives for pictures of its side; its config decides whether that is one at all.

    Shapes alone are computed where the tower lets them.

    Raises:
        FacefakeError: ``config_invalid`` if it gives a map or tokens, or does not take such pictures.
    """
    tensors: dict[str, Tensor] = {**dict(visual.named_parameters()), **dict(visual.named_buffers())}
    pictures = torch.zeros(2, 3, *visual.image_size, device=next(iter(tensors.values())).device)
    shapes = {each: torch.empty_like(tensor, device="meta") for each, tensor in tensors.items()}
    with torch.no_grad():
        try:
            feature = functional_call(visual, shapes, (pictures.to("meta"),))
        except (AssertionError, RuntimeError, TypeError, ValueError):  # or it computes with values, not shapes alone
            feature = _tried(visual, pictures, name)
    if not isinstance(feature, Tensor) or feature.ndim != 2:
        found = f"a map of {tuple(feature.shape[1:])}" if isinstance(feature, Tensor) else "several tensors"
        raise FacefakeError(
            "config_invalid",
            f"{name} gives {found} for each picture, not one feature",
            "Set timm_pool in its vision_cfg: avg for a CNN, token or avg for a vision transformer.",
        )
    return int(feature.shape[1])


def _tried(visual: TimmModel, pictures: Tensor, name: str) -> Any:
    try:
        return visual(pictures)
    except (AssertionError, RuntimeError, TypeError, ValueError) as error:
        raise FacefakeError(
            "config_invalid",
            f"{name} does not take pictures of {pictures.shape[-1]} pixels ({first_line(error)})",
            "Set image_size in its vision_cfg to a size it was made for.",
        ) from error


def fit_positions(state: dict[str, Tensor], visual: TimmModel) -> dict[str, Tensor]:
    """Weights with their absolute position embeddings resampled to the grid of a tower, as :func:`fit_side` does."""
    name = f"{TRUNK}pos_embed"
    grid, prefix = visual.trunk.patch_embed.grid_size, visual.trunk.num_prefix_tokens
    if name not in state or state[name].shape[1] == grid[0] * grid[1] + prefix:
        return state
    return {**state, name: resample_abs_pos_embed(state[name], new_size=grid, num_prefix_tokens=prefix)}


def _renamed(name: str) -> str:
    for pattern, there in _DINOV3:
        name = re.sub(pattern, there, name)
    return name


def _is_zero_bias(name: str, tensor: Tensor) -> bool:
    return name.endswith((".q_bias", ".k_bias", ".v_bias")) and not tensor.any()
