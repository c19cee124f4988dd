from __future__ import annotations

import pytest
import torch

from facefake.models import BackboneSpec, Tuning, load_backbone, tuned_network
from facefake.models.lora import merge_lora
from facefake.models.precision import autocast, cast_products
from facefake.models.tuning import LoraSettings
from tests.facefake.models.conftest import moved_network

CPU = torch.device("cpu")
PICTURES = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
MAKES = ["tiny-clip", "tiny-custom", "tiny-timm"]


def pictures(name: str) -> torch.Tensor:
    return torch.nn.functional.interpolate(PICTURES, 160) if name == "tiny-timm" else PICTURES


@pytest.mark.parametrize("name", MAKES)
def test_before_training_the_tower_is_the_base(name: str):
    spec = BackboneSpec(name, "random:0")
    network = tuned_network(load_backbone(spec), Tuning(strategy="lora")).network
    assert torch.equal(network.features(pictures(name)), load_backbone(spec)(pictures(name)))


@pytest.mark.parametrize("name", MAKES)
def test_merged_updates_give_the_same_features(name: str):
    network = moved_network(BackboneSpec(name, "random:0"), Tuning(strategy="lora")).network
    base = load_backbone(BackboneSpec(name, "random:0"))
    with torch.inference_mode():
        before = network.features(pictures(name))
        merge_lora(network.backbone)
        torch.testing.assert_close(network.features(pictures(name)), before, atol=1e-5, rtol=0)
        assert not torch.allclose(base(pictures(name)), before, atol=1e-2)
    assert set(network.backbone.state_dict()) == set(base.state_dict())


@pytest.mark.parametrize(
    ("targets", "weights"),
    [
        (("attention",), {"in_proj_weight", "out_proj.weight"}),
        (("mlp",), {"c_fc.weight", "c_proj.weight"}),
    ],
)
def test_targets(targets: tuple, weights: set[str]):
    tuning = Tuning(strategy="lora", lora=LoraSettings(targets=targets))
    names = tuned_network(load_backbone(BackboneSpec("tiny-clip", "random:0")), tuning).names
    updated = {name for name in names if "resblocks.0." in name}
    assert len(updated) == 2 * len(weights)
    found = {name.partition("resblocks.0.")[2].replace("parametrizations.", "").rsplit(".", 2)[0] for name in updated}
    assert {name.partition(".")[2] for name in found} == weights


def test_the_projection_of_a_timm_tower_is_no_target():
    spec = BackboneSpec("tiny-timm", "random:0", "joint")
    names = tuned_network(load_backbone(spec), Tuning(strategy="lora")).names
    assert {name.split(".")[2] for name in names if name.startswith("backbone.")} == {"trunk"}


def gradients(name: str, *, bf16: bool = False, checkpointing: bool = False) -> dict[str, torch.Tensor]:
    network = moved_network(BackboneSpec(name, "random:0"), Tuning(strategy="lora")).network.train()
    if bf16:
        cast_products(network.backbone)
    if checkpointing:
        network.backbone.checkpoint_gradients()
    with autocast(CPU, "bf16" if bf16 else "fp32"):
        logits = network(pictures(name)).logits
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 0, 1])).backward()
    return {key: value.grad for key, value in network.named_parameters() if value.grad is not None}


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-timm"])
@pytest.mark.parametrize("bf16", [False, True])
def test_checkpointing_changes_no_gradient(name: str, bf16: bool):
    plain, spared = gradients(name, bf16=bf16), gradients(name, bf16=bf16, checkpointing=True)
    assert plain.keys() == spared.keys()
    assert all(torch.allclose(plain[key], spared[key], atol=1e-6) for key in plain)


def test_bf16_gradients_point_where_fp32_ones_do():
    precise, coarse = gradients("tiny-clip"), gradients("tiny-clip", bf16=True)
    assert precise.keys() == coarse.keys()
    assert {value.dtype for value in coarse.values()} == {torch.float32}
    flat = [torch.cat([found[key].flatten() for key in sorted(found)]) for found in (precise, coarse)]
    assert torch.nn.functional.cosine_similarity(*flat, dim=0) > 0.98


def test_updated_weights_are_summed_in_float32():
    network = moved_network(BackboneSpec("tiny-clip", "random:0"), Tuning(strategy="lora")).network
    cast_products(network.backbone)
    attention = network.backbone.visual.transformer.resblocks[0].attn
    with autocast(CPU, "bf16"):
        weight = attention.in_proj_weight
    assert weight.dtype == torch.float32
    assert not torch.equal(weight, weight.bfloat16().float())
