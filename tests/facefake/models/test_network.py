from __future__ import annotations

import pytest
import torch

from facefake.models import BackboneSpec, Network, build_network, load_backbone
from preprocessing.errors import FacefakeError

TINY = BackboneSpec("tiny-vit", "random:0")


def test_head_is_seeded_and_the_global_generator_left_alone():
    backbone = load_backbone(TINY)
    before = torch.get_rng_state()
    first, again, other = (build_network(backbone, "hyperspherical", seed) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.head.linear.weight, again.head.linear.weight)
    assert not torch.equal(first.head.linear.weight, other.head.linear.weight)


def test_backbone_stays_in_evaluation_mode(network: Network):
    network.train()
    assert network.training
    assert network.head.training
    assert not any(module.training for module in network.backbone.modules())


def test_unknown_head():
    with pytest.raises(FacefakeError, match="mlp") as caught:
        build_network(load_backbone(TINY), "mlp")
    assert caught.value.code == "config_invalid"
