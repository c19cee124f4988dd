"""Published detectors of pictures as their authors run them, on the whole of CLIP in transformers' modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import open_clip
import torch
from torch import Tensor, nn
from torch.nn import functional

from facefake.models.backbone import find_weights
from facefake.models.weights import read_tensors
from facefake.opening.opened import Opened
from facefake.registry.entry import Entry
from facefake.verifying.modules import Original, activation, below, config_of, filled, linear, odds, vision_settings
from preprocessing.errors import FacefakeError

_SENTENCES: Final = ("a real photo.", "a fake photo.")

# OpenAI's names, which are open_clip's too, and transformers'
_TOP: Final = {"visual.proj": "visual_projection.weight", "text_projection": "text_projection.weight"}
_INSIDE: Final = (
    ("transformer.resblocks.", "encoder.layers."),
    ("attn.", "self_attn."),
    ("ln_1", "layer_norm1"),
    ("ln_2", "layer_norm2"),
    ("mlp.c_fc", "mlp.fc1"),
    ("mlp.c_proj", "mlp.fc2"),
    ("ln_pre", "pre_layrnorm"),
    ("ln_post", "post_layernorm"),
    ("ln_final", "final_layer_norm"),
    ("conv1", "embeddings.patch_embedding"),
    ("class_embedding", "embeddings.class_embedding"),
    ("positional_embedding", "embeddings.position_embedding.weight"),
    ("token_embedding", "embeddings.token_embedding"),
)


def ufd(opened: Opened, entry: Entry) -> Original:
    """UniversalFakeDetect's: one logit of fake on CLIP's image feature, which is not normalised."""
    clip, head = _base(entry), linear(opened.tensors, "")
    return lambda pictures: head(_seen(clip, pictures))[:, 0]


def clipping_linear(opened: Opened, entry: Entry) -> Original:
    """Two logits on the same feature of the CLIP that the file holds."""
    clip, head = _clip(entry, below(opened.tensors, "feature_extractor.")), linear(opened.tensors, "fc.linear.")
    return lambda pictures: odds(head(_seen(clip, pictures)))


def clipping_prompt(opened: Opened, entry: Entry) -> Original:
    """Cosines with two sentences of which all but the classes' names was learned."""
    clip = _base(entry)
    start, context, rest = (opened.tensors[name].float() for name in ("token_prefix", "ctx", "token_suffix"))
    embeddings = torch.cat([start, rest[:, :1], context.expand(2, -1, -1), rest[:, 1:]], dim=1)
    placeholders = " ".join(["X"] * context.shape[-2])  # only where the sentences end is read of them
    table = clip.text_model.embeddings.token_embedding
    with_learned = table.register_forward_hook(lambda *_: embeddings)
    texts = _read(clip, entry, [f"{placeholders} {name}." for name in ("real", "fake")])
    with_learned.remove()
    return lambda pictures: _compared(clip, _seen(clip, pictures), texts)


def clipping_adapter(opened: Opened, entry: Entry) -> Original:
    """Cosines of a mix of the feature and what a small network makes of it."""
    clip = _base(entry)
    down, up = (opened.tensors[f"fc.{layer}.weight"].float() for layer in (0, 2))
    texts = _read(clip, entry, _SENTENCES)

    def answer(pictures: Tensor) -> Tensor:
        feature = _seen(clip, pictures)
        adapted = functional.relu(functional.relu(feature @ down.t()) @ up.t())
        return _compared(clip, 0.4 * adapted + 0.6 * feature, texts)

    return answer


def clipping_full(opened: Opened, entry: Entry) -> Original:
    """Cosines with two sentences, all in the CLIP that the file holds."""
    clip = _clip(entry, below(opened.tensors, "text_encoder.clip_model."))
    texts = _read(clip, entry, _SENTENCES)
    return lambda pictures: _compared(clip, _seen(clip, pictures), texts)


def _seen(clip: Any, pictures: Tensor) -> Tensor:
    """Pictures to points in the joint space."""
    points: Tensor = clip.visual_projection(clip.vision_model(pictures).pooler_output)
    return points


def _read(clip: Any, entry: Entry, sentences: list[str] | tuple[str, ...]) -> Tensor:
    """Sentences to points in the joint space."""
    tokens = open_clip.get_tokenizer(entry.backbone.name)(list(sentences))
    with torch.inference_mode():
        points: Tensor = clip.text_projection(clip.text_model(input_ids=tokens).pooler_output)
    return points


def _compared(clip: Any, feature: Tensor, texts: Tensor) -> Tensor:
    """Log-odds of the second sentence over the first."""
    cosines = functional.normalize(feature, dim=1) @ functional.normalize(texts, dim=1).t()
    return odds(clip.logit_scale.exp() * cosines)


def _base(entry: Entry) -> Any:
    """The CLIP that a detector stands on."""
    path = find_weights(entry.backbone)
    if path is None:
        raise FacefakeError(
            "weights_not_found",
            f"the base {entry.backbone.weights!r} of {entry.backbone.name} is not on this machine",
            f"facefake detectors fetch {entry.name}",
        )
    return _clip(entry, {name.removeprefix("text."): each for name, each in read_tensors(path).items()})


def _clip(entry: Entry, tensors: Mapping[str, Tensor]) -> nn.Module:
    """transformers' CLIP with the sizes of the entry's backbone, from tensors as OpenAI names them."""
    from transformers import CLIPConfig, CLIPModel

    config = config_of(entry)
    text = config["text_cfg"]
    model = CLIPModel(
        CLIPConfig(
            projection_dim=config["embed_dim"],
            vision_config=vision_settings(config),
            text_config={
                "hidden_size": text["width"],
                "intermediate_size": 4 * text["width"],
                "num_hidden_layers": text["layers"],
                "num_attention_heads": text["heads"],
                "max_position_embeddings": text["context_length"],
                "vocab_size": text["vocab_size"],
                "eos_token_id": text["vocab_size"] - 1,
                "hidden_act": activation(config),
            },
        )
    )
    return filled(model, dict(pair for name, each in tensors.items() for pair in _in_transformers(name, each)))


def _in_transformers(name: str, tensor: Tensor) -> list[tuple[str, Tensor]]:
    """What a tensor of CLIP is in transformers: another name, turned over, or in three."""
    if name in _TOP:
        return [(_TOP[name], tensor.t())]
    if name == "logit_scale":
        return [(name, tensor)]
    inside = name.removeprefix("visual.")
    renamed = f"{'text' if inside == name else 'vision'}_model.{inside}"
    for theirs, here in _INSIDE:
        renamed = renamed.replace(theirs, here)
    if "in_proj_" in renamed:
        parts = zip("qkv", tensor.chunk(3), strict=True)
        return [(renamed.replace("in_proj_", f"{part}_proj."), each) for part, each in parts]
    return [(renamed, tensor)]
