"""Small models of other makes than OpenAI's CLIP, made known to open_clip."""

from __future__ import annotations

import json
from pathlib import Path

import open_clip

TEXT = {"context_length": 40, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
MODELS = {
    # a tower of timm, a text tower that looks both ways, a projection with a bias
    "tiny-timm": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {"timm_model_name": "test_vit", "timm_pool": "token", "timm_proj": "linear", "image_size": 160},
        "text_cfg": {**TEXT, "no_causal_mask": True, "proj_bias": True},
    },
    # a small CNN with BatchNorms; its width is not embed_dim, which without a projection means nothing
    "tiny-cnn": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {"timm_model_name": "test_resnet", "timm_pool": "avg", "timm_proj": "none", "image_size": 32},
        "text_cfg": TEXT,
    },
    # attention of open_clip's own, pooled at the token of the end
    "tiny-custom": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {
            "image_size": 32,
            "layers": 2,
            "width": 64,
            "head_width": 32,
            "patch_size": 8,
            "block_type": "custom",
        },
        "text_cfg": {**TEXT, "pool_type": "eos", "eos_id": 49407},
    },
}


def register(folder: Path) -> None:
    """Make the models known."""
    for name, config in MODELS.items():
        (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder)
