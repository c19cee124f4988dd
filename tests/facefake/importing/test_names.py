"""transformers' names of CLIP's visual tower in open_clip's."""

from __future__ import annotations

import torch
from transformers import CLIPModel, CLIPVisionConfig, CLIPVisionModel

from facefake.importing.names import find_tower, to_open_clip
from facefake.models import BackboneSpec, load_backbone


def test_a_whole_tower_has_every_name_of_open_clip_and_no_other():
    sizes = {"hidden_size": 64, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 2}
    theirs = CLIPVisionModel(CLIPVisionConfig(**sizes, image_size=32, patch_size=8)).state_dict()
    ours = load_backbone(BackboneSpec("tiny-vit", "random:0")).visual.state_dict()
    named = to_open_clip(find_tower(theirs))
    assert {name: each.shape for name, each in named.items()} == {name: each.shape for name, each in ours.items()}


def test_query_key_and_value_become_one_in_this_order():
    layer = "encoder.layers.3.self_attn."
    parts = {f"{layer}{each}_proj.bias": torch.full((2,), float(place)) for place, each in enumerate("qkv")}
    (name, fused), *rest = to_open_clip(parts).items()
    assert (name, rest) == ("transformer.resblocks.3.attn.in_proj_bias", [])
    assert fused.tolist() == [0, 0, 1, 1, 2, 2]


def test_two_towers_are_none():
    landmark = "embeddings.patch_embedding.weight"
    assert find_tower({f"teacher.{landmark}": torch.ones(1), f"student.{landmark}": torch.ones(1)}) == {}


def test_the_text_tower_of_a_whole_clip_is_left_out():
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = CLIPModel.config_class(text_config=small, vision_config={**small, "image_size": 16, "patch_size": 8})
    named = to_open_clip(find_tower(CLIPModel(config).state_dict()))
    assert len(named) == 3 + 4 + 12  # embeddings, outer LayerNorms, one block
