"""The CLIP that published picture detectors are built on in the tests is CLIP."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from transformers import CLIPConfig, CLIPModel

from tests.facefake.importing import openai_clip as small
from tests.facefake.importing.openai_clip import OpenAIClip, tokenize

_NAMES = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2"}


def block(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    found = {
        f"{theirs}.{kind}": state[f"{prefix}{ours}.{kind}"]
        for ours, theirs in {**_NAMES, "attn.out_proj": "self_attn.out_proj"}.items()
        for kind in ("weight", "bias")
    }
    for kind in ("weight", "bias"):
        thirds = state[f"{prefix}attn.in_proj_{kind}"].chunk(3)
        found |= {f"self_attn.{letter}_proj.{kind}": third for letter, third in zip("qkv", thirds, strict=True)}
    return found


def in_transformers_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {
        "logit_scale": state["logit_scale"],
        "visual_projection.weight": state["visual.proj"].t(),
        "text_projection.weight": state["text_projection"].t(),
        "vision_model.embeddings.class_embedding": state["visual.class_embedding"],
        "vision_model.embeddings.patch_embedding.weight": state["visual.conv1.weight"],
        "vision_model.embeddings.position_embedding.weight": state["visual.positional_embedding"],
        "text_model.embeddings.token_embedding.weight": state["token_embedding.weight"],
        "text_model.embeddings.position_embedding.weight": state["positional_embedding"],
    }
    norms = {"visual.ln_pre": "vision_model.pre_layrnorm", "visual.ln_post": "vision_model.post_layernorm"}
    for ours, theirs in {**norms, "ln_final": "text_model.final_layer_norm"}.items():
        found |= {f"{theirs}.{kind}": state[f"{ours}.{kind}"] for kind in ("weight", "bias")}
    for ours, theirs in (("visual.", "vision_model"), ("", "text_model")):
        for layer in range(small.LAYERS):
            prefix = f"{theirs}.encoder.layers.{layer}."
            tensors = block(state, f"{ours}transformer.resblocks.{layer}.")
            found |= {prefix + name: tensor for name, tensor in tensors.items()}
    return found


@pytest.fixture(scope="module")
def theirs() -> CLIPModel:
    both = {"num_hidden_layers": small.LAYERS, "num_attention_heads": small.HEADS, "hidden_act": "quick_gelu"}
    text = {**both, "hidden_size": small.TEXT_WIDTH, "intermediate_size": 4 * small.TEXT_WIDTH, "eos_token_id": 49407}
    vision = {**both, "hidden_size": small.WIDTH, "intermediate_size": 4 * small.WIDTH, "patch_size": small.PATCH}
    config = CLIPConfig(
        text_config={**text, "vocab_size": small.WORDS},
        vision_config={**vision, "image_size": small.SIZE},
        projection_dim=small.DIM,
    )
    model = CLIPModel(config).eval()
    missing, unexpected = model.load_state_dict(in_transformers_names(OpenAIClip().state_dict()), strict=False)
    assert not unexpected
    assert all("position_ids" in name for name in missing)
    return model


def test_it_compares_pictures_and_sentences_as_transformers_does(theirs: CLIPModel):
    ours, pictures, tokens = OpenAIClip(), torch.randn(3, 3, small.SIZE, small.SIZE), tokenize("a real photo.", "fake")
    with torch.no_grad():
        expected = theirs(input_ids=tokens, pixel_values=pictures).logits_per_image
        logits = ours.compare(ours.encode_image(pictures), ours.encode_text(tokens))
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)
    assert (logits[:, 0] - logits[:, 1]).abs().min() > 1e-2  # the sentences differ
