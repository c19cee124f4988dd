from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn

from facefake.models import BackboneSpec, Tuned, Tuning, load_backbone, tuned_network
from facefake.models.strategies import STRATEGIES, ln
from facefake.models.tuning import FROZEN, LoraSettings, Strategy
from preprocessing.errors import FacefakeError
from tests.facefake.models.conftest import COMBINATIONS

VIT_L = "ViT-L-14-quickgelu"
CLIP = BackboneSpec("tiny-clip", "random:0", "joint")


def counts(feature: str, **tuning) -> dict[str, int]:
    """Trained parameters of ViT-L/14, by the part of the network they are in; it has shapes only, and no memory."""
    with torch.device("meta"):
        tuned = tuned_network(load_backbone(BackboneSpec(VIT_L, "random:0", feature)), Tuning(**tuning))
    sizes: dict[str, int] = {}
    for name, parameter in tuned.network.named_parameters():
        if parameter.requires_grad:
            part = name.partition(".")[0]
            sizes[part] = sizes.get(part, 0) + parameter.numel()
    return sizes


def test_ln_on_vit_l_trains_exactly_the_published_number_of_parameters():
    # 50 LayerNorms x 1024 x (weight, bias); 1024 x 2 + 2
    assert counts("pooled", strategy="ln") == {"backbone": 102_400, "head": 2_050}


def test_bitfit_on_vit_l():
    # a block: 2 LayerNorms, qkv 3x, attention out, mlp 4x and 1x; ln_pre and ln_post
    bits = 24 * (2 + 3 + 1 + 4 + 1) * 1024 + 2 * 1024
    assert counts("pooled", strategy="bitfit") == {"backbone": bits, "head": 2_050}


def test_full_on_vit_l_is_the_tower_without_projection():
    assert counts("pooled", strategy="full") == {"backbone": 303_966_208 - 1024 * 768, "head": 2_050}


@pytest.mark.parametrize(
    ("strategy", "head", "published"),
    [
        ("prompt", "text", 12_288),
        ("linear", "linear", 1_538),
        ("adapter", "text", 589_824),
        ("full", "text", 427_616_513),
    ],
)
def test_clipping_the_deception_trains_so_many_parameters_of_vit_l(strategy: str, head: str, published: int):
    assert sum(counts("joint", strategy=strategy, head=head).values()) == published


def test_lora_on_vit_l():
    width, block = 1024, (1 + 3) + (1 + 1) + (1 + 4) + (4 + 1)  # of query, key and value; output; mlp in; mlp out
    assert counts("joint", strategy="lora", head="text") == {"backbone": 24 * 8 * block * width}
    attention = LoraSettings(rank=4, targets=("attention",))
    assert counts("joint", strategy="lora", head="text", lora=attention) == {"backbone": 24 * 4 * 6 * width}


def test_a_class_specific_prompt_of_vit_l_is_twice_as_large():
    found = counts("joint", strategy="prompt", head="text", prompt={"class_specific": True, "context": 4})
    assert found == {"head": 2 * 4 * 768}


def expected(tuned: Tuned, strategy: str, head: str) -> set[str]:
    """What a strategy trains, told anew by names alone."""
    names = [name for name, _ in tuned.network.named_parameters()]
    tower = [name for name in names if name.startswith("backbone.visual.")]
    chosen = {
        "linear": [],
        "adapter": [name for name in names if name.startswith("adapter.")],
        "prompt": ["head.prompt.context"],
        "ln": [name for name in tower if ".ln_" in name],
        "bitfit": [name for name in tower if name.endswith("bias")],
        "lora": [name for name in tower if name.endswith((".0.up", ".0.down"))],
        "full": tower,
    }[strategy]
    if head != "text" or strategy == "full":
        chosen = [*chosen, *(name for name in names if name.startswith("head."))]
    return set(chosen)


@pytest.mark.parametrize(("strategy", "head", "feature"), COMBINATIONS)
def test_gradients_reach_what_is_trained_and_nothing_else(strategy: str, head: str, feature: str):
    backbone = load_backbone(BackboneSpec("tiny-clip", "random:0", feature))
    tuned = tuned_network(backbone, Tuning(strategy=strategy, head=head))
    if strategy == "lora":
        for name, parameter in tuned.network.named_parameters():
            if name.endswith(".up"):
                nn.init.normal_(parameter)  # at zero it hides the gradient of its other half
    pictures = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    output = tuned.network.train()(pictures)
    nn.functional.cross_entropy(output.logits, torch.tensor([0, 1, 1, 1])).backward()
    moved = {name for name, p in tuned.network.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    assert set(tuned.names) == expected(tuned, strategy, head)
    assert moved == set(tuned.names)
    assert tuned.network.trains_tower == (strategy in ("ln", "bitfit", "lora", "full")) == (strategy not in FROZEN)


def test_every_strategy_that_may_be_named_is_there():
    assert set(STRATEGIES) == set(get_args(Strategy)) > set(FROZEN)


def test_the_global_generator_is_left_alone():
    backbone = load_backbone(CLIP)
    before = torch.get_rng_state()
    for strategy in ("prompt", "adapter", "lora", "full"):
        tuned_network(backbone, Tuning(strategy=strategy, head="text"))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("strategy", ["prompt", "adapter", "lora"])
def test_what_is_new_is_seeded(strategy: str):
    first, again, other = (
        tuned_network(load_backbone(CLIP), Tuning(strategy=strategy, head="text"), seed) for seed in (0, 0, 1)
    )

    def values(tuned: Tuned) -> torch.Tensor:
        return torch.cat([tuned.network.get_parameter(name).flatten() for name in tuned.names])

    assert torch.equal(values(first), values(again))
    assert not torch.equal(values(first), values(other))


def test_ln_goes_by_type_not_by_name():
    visual = load_backbone(CLIP).visual
    visual.transformer.resblocks[0].ln_1 = nn.Identity()
    visual.renamed = nn.LayerNorm(4)
    names = ln(visual)
    assert "renamed.weight" in names
    assert not any("resblocks.0.ln_1" in name for name in names)


@pytest.mark.parametrize("strategy", ["ln", "lora"])
def test_strategy_that_finds_nothing_to_train(strategy: str):
    backbone = load_backbone(CLIP)
    backbone.visual = nn.Conv2d(3, 4, 1, bias=False)
    with pytest.raises(FacefakeError, match="tiny-clip") as caught:
        tuned_network(backbone, Tuning(strategy=strategy))
    assert caught.value.code == "config_invalid"


def test_words_are_compared_in_the_joint_space_only():
    with pytest.raises(FacefakeError, match=r"backbone\.feature to joint") as caught:
        tuned_network(load_backbone(BackboneSpec("tiny-clip", "random:0")), Tuning(strategy="prompt", head="text"))
    assert caught.value.code == "config_invalid"


def test_an_adapter_of_no_width():
    with pytest.raises(FacefakeError, match=r"adapter\.reduction") as caught:
        tuned_network(load_backbone(CLIP), Tuning(strategy="adapter", adapter={"reduction": 33}))
    assert caught.value.code == "config_invalid"
