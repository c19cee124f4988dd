from __future__ import annotations

import open_clip
import pytest
import torch
from torch import nn

from facefake.models import Backbone, BackboneSpec, Network, build_network, load_backbone, select
from facefake.models.strategies import STRATEGIES
from preprocessing.errors import FacefakeError

HALF = (0.5, 0.5, 0.5)


@pytest.fixture(scope="module")
def vit_l() -> Network:
    """ViT-L/14 without memory: only its shapes."""
    name = "ViT-L-14-quickgelu"
    with torch.device("meta"):
        visual = open_clip.create_model(name, device="meta").visual
        return build_network(Backbone(visual, BackboneSpec(name, "none"), HALF, HALF), "hyperspherical")


def counts(network: Network, strategy: str) -> tuple[int, int]:
    select(network, strategy)
    trained = [(name, p.numel()) for name, p in network.named_parameters() if p.requires_grad]
    backbone = sum(size for name, size in trained if name.startswith("backbone."))
    return backbone, sum(size for _, size in trained) - backbone


def test_ln_on_vit_l_trains_exactly_the_published_number_of_parameters(vit_l: Network):
    assert counts(vit_l, "ln") == (102_400, 2_050)  # 50 LayerNorms x 1024 x (weight, bias); 1024 x 2 + 2


def test_linear_trains_the_head_alone(vit_l: Network):
    assert counts(vit_l, "linear") == (0, 2_050)


def test_bitfit_on_vit_l(vit_l: Network):
    # a block: 2 LayerNorms, qkv 3x, attention out, mlp 4x and 1x; ln_pre and ln_post
    assert counts(vit_l, "bitfit") == (24 * (2 + 3 + 1 + 4 + 1) * 1024 + 2 * 1024, 2_050)


def test_full_on_vit_l_is_the_tower_without_projection(vit_l: Network):
    assert counts(vit_l, "full") == (303_966_208 - 1024 * 768, 2_050)


@pytest.fixture
def tiny() -> Network:
    return build_network(load_backbone(BackboneSpec("tiny-vit", "random:0")), "hyperspherical")


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_select_returns_what_it_marks(tiny: Network, strategy: str):
    names = select(tiny, strategy)
    assert names == sorted(name for name, p in tiny.named_parameters() if p.requires_grad)
    assert {"head.linear.weight", "head.linear.bias"} <= set(names)


def test_select_forgets_the_strategy_before(tiny: Network):
    select(tiny, "full")
    assert select(tiny, "linear") == ["head.linear.bias", "head.linear.weight"]
    assert not any(p.requires_grad for p in tiny.backbone.parameters())


def test_ln_goes_by_type_not_by_name(tiny: Network):
    tiny.backbone.visual.transformer.resblocks[0].ln_1 = nn.Identity()
    tiny.backbone.visual.renamed = nn.LayerNorm(4)
    names = select(tiny, "ln")
    assert "backbone.visual.renamed.weight" in names
    assert not any("resblocks.0.ln_1" in name for name in names)


def test_unknown_strategy(tiny: Network):
    with pytest.raises(FacefakeError, match="lora") as caught:
        select(tiny, "lora")
    assert caught.value.code == "config_invalid"


def test_strategy_that_finds_nothing_to_train(tiny: Network):
    tiny.backbone.visual = nn.Conv2d(3, 4, 1, bias=False)
    with pytest.raises(FacefakeError) as caught:
        select(tiny, "ln")
    assert caught.value.code == "config_invalid"
