from __future__ import annotations

import numpy as np
import pytest
import torch

from facefake.models.heads import HEADS, HypersphericalHead, LinearHead


def test_hyperspherical_head_is_a_linear_map_of_the_normalised_feature():
    head, feature = HypersphericalHead(5), torch.randn(4, 5)
    output = head(feature)
    z = feature.double().numpy()
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    weight, bias = head.linear.weight.detach().double().numpy(), head.linear.bias.detach().double().numpy()
    np.testing.assert_allclose(output.logits.detach().numpy(), z @ weight.T + bias, atol=1e-6)
    np.testing.assert_allclose(output.embedding.detach().numpy(), z, atol=1e-6)


def test_hyperspherical_head_does_not_see_the_length_of_a_feature():
    head, feature = HypersphericalHead(5), torch.randn(4, 5)
    torch.testing.assert_close(head(feature).logits, head(feature * 7).logits)


def test_linear_head_sees_the_raw_feature():
    head, feature = LinearHead(5), torch.randn(4, 5)
    torch.testing.assert_close(head(feature).logits, feature @ head.linear.weight.T + head.linear.bias)
    torch.testing.assert_close(head(feature).embedding.norm(dim=1), torch.ones(4))


@pytest.mark.parametrize("name", sorted(HEADS))
def test_heads_compute_in_float32_under_autocast(name: str):
    head, feature = HEADS[name](8), torch.randn(4, 8)
    plain = head(feature.bfloat16().float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = head(feature.bfloat16())
    assert output.logits.dtype == output.embedding.dtype == torch.float32
    torch.testing.assert_close(output.logits, plain.logits, atol=0, rtol=0)


@pytest.mark.parametrize("name", sorted(HEADS))
def test_a_zero_feature_gives_finite_logits(name: str):
    assert torch.isfinite(HEADS[name](8)(torch.zeros(1, 8)).logits).all()


def test_linear_heads_start_as_the_papers_probe():
    head = LinearHead(20_000)
    assert float(head.linear.weight.detach().std()) == pytest.approx(0.01, rel=0.05)
    assert torch.equal(head.linear.bias, torch.zeros(2))
