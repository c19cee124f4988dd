"""What is trained computes what the paper says: its formulas once more, in straight lines on open_clip's modules."""

from __future__ import annotations

from typing import Any

import open_clip
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from facefake.models import BackboneSpec, Tuned, Tuning, load_backbone, tuned_network
from tests.facefake.models.conftest import moved_network

EXACT = {"atol": 1e-5, "rtol": 1e-5}
NAMES = ("real", "machine-generated fake")  # of one token, and of several
MAKES = ["tiny-clip", "tiny-timm", "tiny-custom"]


def clip(name: str) -> Any:
    """open_clip's model with the weights of random:0."""
    torch.manual_seed(0)
    return open_clip.create_model(name)


def pictures(model: Any) -> Tensor:
    size = model.visual.image_size
    size = size if isinstance(size, int) else size[0]
    return torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(5))


def encode_words(model: Any, embeddings: Tensor, tokens: Tensor) -> Tensor:
    """CLIP's text tower from embeddings on, over the whole context; the sentence's point is that of its end."""
    tower = getattr(model, "text", model)
    x = embeddings + tower.positional_embedding
    x = tower.transformer(x, attn_mask=tower.attn_mask)
    x = tower.ln_final(x)[torch.arange(len(tokens)), tokens.argmax(dim=1)]
    projection = tower.text_projection
    return projection(x) if isinstance(projection, torch.nn.Linear) else x @ projection


def cosine_logits(model: Any, image: Tensor, words: Tensor) -> Tensor:
    image = image / image.norm(dim=-1, keepdim=True)
    words = words / words.norm(dim=-1, keepdim=True)
    return model.logit_scale.exp() * image @ words.T


def coop(model: Any, name: str, context: Tensor, words: str, position: str) -> Tensor:
    """CoOp's sentences: prefix and suffix cut from the tokenised ``words name.``, the context put between them."""
    tokenizer = open_clip.get_tokenizer(name)
    tower = getattr(model, "text", model)
    tokens = tokenizer([f"{words} {each}." for each in NAMES])
    embedded = tower.token_embedding(tokens)
    count, half = context.shape[-2], context.shape[-2] // 2
    sentences = []
    for row, each in enumerate(NAMES):
        own = context if context.ndim == 2 else context[row]
        length = len(tokenizer.encode(each))
        prefix, suffix = embedded[row, :1], embedded[row, 1 + count :]
        called, rest = suffix[:length], suffix[length:]
        parts = {
            "front": [prefix, called, own, rest],
            "middle": [prefix, own[:half], called, own[half:], rest],
            "end": [prefix, own, called, rest],
        }
        sentences.append(torch.cat(parts[position]))
    return encode_words(model, torch.stack(sentences), tokens)


def moved(name: str, **tuning: Any) -> Tuned:
    words = {"text": {"classes": NAMES}, **tuning}
    return moved_network(BackboneSpec(name, "random:0", "joint"), Tuning.model_validate(words))


@pytest.mark.parametrize("name", MAKES)
@pytest.mark.parametrize("specific", [False, True], ids=["unified", "class-specific"])
@pytest.mark.parametrize("position", ["front", "middle", "end"])
def test_prompt(name: str, specific: bool, position: str):
    prompt = {"context": 5, "class_specific": specific, "class_position": position}
    tuned = moved(name, strategy="prompt", head="text", prompt=prompt)
    context = tuned.network.get_parameter("head.prompt.context")
    assert context.shape[-2:] == (5, 32)
    assert context.ndim == 2 + specific

    model = clip(name)
    own = context.detach().clone().requires_grad_()
    images = pictures(model)
    expected = cosine_logits(model, model.encode_image(images), coop(model, name, own, "X X X X X", position))
    found = tuned.network(images).logits
    torch.testing.assert_close(found, expected, **EXACT)

    labels = torch.tensor([0, 1, 1])
    F.cross_entropy(found, labels).backward()
    F.cross_entropy(expected, labels).backward()
    torch.testing.assert_close(context.grad, own.grad, **EXACT)


@pytest.mark.parametrize("specific", [False, True], ids=["unified", "class-specific"])
@pytest.mark.parametrize("position", ["front", "middle", "end"])
def test_prompt_that_starts_from_words(specific: bool, position: str):
    words = "a blurry photograph of a"
    prompt = {"init": words, "class_specific": specific, "class_position": position, "context": 99}
    backbone = load_backbone(BackboneSpec("tiny-clip", "random:0", "joint"))
    tuning = Tuning.model_validate({"strategy": "prompt", "head": "text", "prompt": prompt, "text": {"classes": NAMES}})
    network = tuned_network(backbone, tuning).network
    model = clip("tiny-clip")
    tokens = open_clip.get_tokenizer("tiny-clip").encode(words)
    context = model.token_embedding(torch.tensor(tokens))
    images = pictures(model)
    expected = cosine_logits(model, model.encode_image(images), coop(model, "tiny-clip", context, words, position))
    torch.testing.assert_close(network(images).logits, expected, **EXACT)
    assert network.get_parameter("head.prompt.context").shape[-2] == len(tokens)


@pytest.mark.parametrize("name", MAKES)
def test_adapter(name: str):
    tuned = moved(name, strategy="adapter", head="text")
    down, up = (tuned.network.get_parameter(f"adapter.{part}.weight") for part in ("down", "up"))
    model = clip(name)
    images = pictures(model)
    x = model.encode_image(images)
    adapted = torch.relu(torch.relu(x @ down.T) @ up.T)
    words = model.encode_text(open_clip.get_tokenizer(name)([f"a {each} photo." for each in NAMES]))
    expected = cosine_logits(model, 0.4 * adapted + 0.6 * x, words)
    torch.testing.assert_close(tuned.network(images).logits, expected, **EXACT)
    assert down.shape == (x.shape[1] // 2, x.shape[1])


@pytest.mark.parametrize("name", MAKES)
def test_linear_probe(name: str):
    tuned = moved(name, strategy="linear", head="linear")
    weight, bias = (tuned.network.get_parameter(f"head.linear.{part}") for part in ("weight", "bias"))
    model = clip(name)
    images = pictures(model)
    expected = model.encode_image(images) @ weight.T + bias
    torch.testing.assert_close(tuned.network(images).logits, expected, **EXACT)


@pytest.mark.parametrize("name", MAKES)
def test_full_fine_tuning(name: str):
    model = clip(name).double()  # steps add up what rounding differs by
    backbone = load_backbone(BackboneSpec(name, "random:0", "joint"))
    network = tuned_network(backbone, Tuning(strategy="full", head="text")).network.double()
    images, labels = pictures(model).double(), torch.tensor([0, 1, 1])
    tokens = open_clip.get_tokenizer(name)(["a real photo.", "a fake photo."])
    optimisers = [torch.optim.SGD(each.parameters(), lr=0.01) for each in (network, model)]
    for _ in range(3):  # so that every parameter has moved
        expected = cosine_logits(model.eval(), model.encode_image(images), model.encode_text(tokens))
        found = network.train()(images).logits
        torch.testing.assert_close(found, expected, **EXACT)
        for logits, optimiser in zip((found, expected), optimisers, strict=True):
            optimiser.zero_grad()
            F.cross_entropy(logits, labels).backward()
            optimiser.step()
    assert sum(p.numel() for p in network.parameters()) == sum(p.numel() for p in model.parameters())
    torch.testing.assert_close(network.get_parameter("head.tower.logit_scale"), model.logit_scale, **EXACT)
    assert float(model.logit_scale.detach()) != float(clip(name).logit_scale.detach())


@pytest.mark.parametrize("strategy", ["ln", "bitfit"])
def test_a_tuned_tower_against_words(strategy: str):
    tuned = moved("tiny-clip", strategy=strategy, head="text")
    model = clip("tiny-clip")
    model.visual.load_state_dict(tuned.network.backbone.visual.state_dict())
    images = pictures(model)
    words = model.encode_text(open_clip.get_tokenizer("tiny-clip")([f"a {each} photo." for each in NAMES]))
    expected = cosine_logits(model, model.encode_image(images), words)
    torch.testing.assert_close(tuned.network(images).logits, expected, **EXACT)


@pytest.mark.parametrize("name", MAKES)
def test_lora(name: str):
    tuned = moved(name, strategy="lora", head="text", lora={"rank": 3, "alpha": 6.0})
    tuned.network.double()
    found = dict(tuned.network.named_parameters())
    model = clip(name).double()
    updated = 0
    with torch.no_grad():
        for key, weight in model.visual.named_parameters():
            owner, _, own = key.rpartition(".")
            update = f"backbone.visual.{owner}.parametrizations.{own}.0"
            if f"{update}.up" in found:
                weight += 2 * found[f"{update}.up"] @ found[f"{update}.down"]
                updated += 1
    blocks = len(model.visual.trunk.blocks) if name == "tiny-timm" else 2
    assert updated == 4 * blocks
    images = pictures(model).double()
    words = model.encode_text(open_clip.get_tokenizer(name)([f"a {each} photo." for each in NAMES]))
    expected = cosine_logits(model, model.encode_image(images), words)
    torch.testing.assert_close(tuned.network(images).logits, expected, **EXACT)
