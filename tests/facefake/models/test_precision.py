from __future__ import annotations

import pytest
import torch
from torch import nn

from facefake.models import BackboneSpec, Tuning
from facefake.models.precision import autocast, cast_products, pick_precision
from tests.facefake.models.conftest import moved_network

CPU = torch.device("cpu")


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_a_precision_asked_for_is_taken(precision: str):
    assert pick_precision(precision, CPU, 8) == precision


def test_auto_leaves_small_models_on_a_cpu_in_fp32():
    assert pick_precision("auto", CPU, 64) == "fp32"


def test_auto_asks_the_cpu(monkeypatch: pytest.MonkeyPatch):
    for has in (True, False):
        monkeypatch.setattr("facefake.models.precision._cpu_multiplies_bf16", lambda has=has: has)
        assert pick_precision("auto", CPU, 1024) == ("bf16" if has else "fp32")


def test_layer_norms_keep_their_precision_when_products_are_cast():
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Linear(4, 4), nn.LayerNorm(4), nn.MultiheadAttention(4, 1))
    cast_products(module.requires_grad_(False))
    kept = {name for name, parameter in module.named_parameters() if parameter.dtype == torch.float32}
    assert kept == {"2.weight", "2.bias"}


def test_what_is_trained_keeps_its_precision():
    module = nn.Linear(4, 4)
    module.bias.requires_grad_(False)
    cast_products(module)
    assert (module.weight.dtype, module.bias.dtype) == (torch.float32, torch.bfloat16)


def test_casting_ahead_gives_what_autocast_gives():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 8)).requires_grad_(False)
    with autocast(CPU, "bf16"):
        before = module(torch.ones(2, 8))
        cast_products(module)
        assert torch.equal(module(torch.ones(2, 8)), before)


def test_autocast_of_fp32_changes_nothing():
    with autocast(CPU, "fp32"):
        assert nn.Linear(2, 2)(torch.zeros(1, 2)).dtype == torch.float32
    with autocast(CPU, "bf16"):
        assert nn.Linear(2, 2)(torch.zeros(1, 2)).dtype == torch.bfloat16


@pytest.mark.parametrize(("strategy", "head"), [("adapter", "text"), ("prompt", "text"), ("linear", "linear")])
def test_behind_the_tower_all_is_computed_in_float32(strategy: str, head: str):
    spec = BackboneSpec("tiny-clip", "random:0", "joint")
    network = moved_network(spec, Tuning(strategy=strategy, head=head)).network
    pictures = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    precise = network(pictures)
    cast_products(network.backbone)
    with autocast(CPU, "bf16"):
        features = network.features(pictures)
        coarse = network.classify(features)
    assert coarse.logits.dtype == coarse.embedding.dtype == torch.float32
    assert torch.equal(coarse.logits, network.classify(features.float()).logits)
    torch.testing.assert_close(coarse.embedding, precise.embedding, atol=0.03, rtol=0)
