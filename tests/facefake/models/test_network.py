from __future__ import annotations

import torch

from facefake.models import BackboneSpec, Network, Tuning, load_backbone, tuned_network

TINY = BackboneSpec("tiny-vit", "random:0")


def test_head_is_seeded_and_the_global_generator_left_alone():
    backbone = load_backbone(TINY)
    before = torch.get_rng_state()
    first, again, other = (tuned_network(backbone, Tuning(), seed).network for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.head.linear.weight, again.head.linear.weight)
    assert not torch.equal(first.head.linear.weight, other.head.linear.weight)


def test_backbone_stays_in_evaluation_mode(network: Network):
    network.train()
    assert network.training
    assert network.head.training
    assert not any(module.training for module in network.backbone.modules())


def test_features_and_what_is_made_of_them_are_the_whole(network: Network):
    pictures = torch.randn(3, 3, 32, 32)
    output = network(pictures)
    features = network.features(pictures)
    assert features.shape == (3, network.backbone.dim)
    assert torch.equal(network.classify(features).logits, output.logits)
