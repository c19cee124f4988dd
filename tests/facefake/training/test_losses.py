"""Values and gradients against NumPy in float64, the gradients derived by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from facefake.models.heads import HypersphericalHead
from facefake.training.config import LossConfig
from facefake.training.losses import alignment, combine, slerp, slerp_within_class, uniformity

Array = np.ndarray


def unit(n: int, dim: int, seed: int, spread: float = 1.0) -> Array:
    """Unit vectors; a small spread puts them near one another, as features of one backbone are."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=dim) * (spread < 1) + spread * rng.normal(size=(n, dim))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def pairs(z: Array) -> tuple[Array, Array, Array]:
    i, j = np.triu_indices(len(z), 1)
    return i, j, ((z[i] - z[j]) ** 2).sum(1)


def np_uniformity(z: Array, t: float = 2.0) -> tuple[float, Array]:
    """U = log mean e^(-t d), so dU/dzi = sum_j w_ij (-2t)(zi - zj) with w = e^(-t d) / sum e^(-t d)."""
    i, j, d = pairs(z)
    e = np.exp(-t * d)
    gradient = np.zeros_like(z)
    if e.mean() >= 1e-6:
        step = (e / e.sum() * -2 * t)[:, None] * (z[i] - z[j])
        np.add.at(gradient, i, step)
        np.add.at(gradient, j, -step)
    return float(np.log(max(e.mean(), 1e-6))), gradient


def np_alignment(z: Array, y: Array) -> tuple[float, Array]:
    i, j, d = pairs(z)
    same = y[i] == y[j]
    gradient = np.zeros_like(z)
    if not same.any():
        return 0.0, gradient
    step = (same * 2 / same.sum())[:, None] * (z[i] - z[j])
    np.add.at(gradient, i, step)
    np.add.at(gradient, j, -step)
    return float(d[same].mean()), gradient


def np_cross_entropy(logits: Array, y: Array, smoothing: float) -> tuple[float, Array]:
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    target = np.eye(2)[y] * (1 - smoothing) + smoothing / 2
    return float(-(target * np.log(p)).sum(1).mean()), (p - target) / len(y)


def torch_value(function, z: Array, dtype: torch.dtype) -> tuple[float, Array]:
    x = torch.tensor(z, dtype=dtype, requires_grad=True)
    value = function(x)
    (gradient,) = torch.autograd.grad(value, x)
    return value.item(), gradient.double().numpy()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("n", "dim", "spread"), [(2, 3, 1.0), (16, 8, 1.0), (64, 1024, 1.0), (32, 1024, 0.01)])
def test_uniformity_and_alignment(dtype: torch.dtype, n: int, dim: int, spread: float):
    z = unit(n, dim, seed=n, spread=spread)
    y = np.random.default_rng(1).integers(0, 2, n)
    y[:2] = 1
    cases = (
        (uniformity, np_uniformity(z)),
        (lambda x: alignment(x, torch.tensor(y)), np_alignment(z, y)),
    )
    for function, (value, gradient) in cases:
        ours, our_gradient = torch_value(function, z, dtype)
        assert ours == pytest.approx(value, abs=1e-6)
        np.testing.assert_allclose(our_gradient, gradient, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(n=st.integers(2, 12), dim=st.integers(2, 9), seed=st.integers(0, 10**6), smoothing=st.sampled_from([0.0, 0.1]))
def test_the_whole_loss_and_its_gradient_through_the_head(n: int, dim: int, seed: int, smoothing: float):
    rng = np.random.default_rng(seed)
    feature, y = rng.normal(size=(n, dim)) + 0.1, rng.integers(0, 2, n)
    head = HypersphericalHead(dim).double()
    weight, bias = head.linear.weight.detach().numpy(), head.linear.bias.detach().numpy()
    config = LossConfig(label_smoothing=smoothing)

    length = np.linalg.norm(feature, axis=1, keepdims=True)
    z = feature / length
    ce, by_logits = np_cross_entropy(z @ weight.T + bias, y, smoothing)
    (u, by_u), (a, by_a) = np_uniformity(z), np_alignment(z, y)
    by_z = by_logits @ weight + 0.5 * by_u + 0.1 * by_a
    by_feature = (by_z - (by_z * z).sum(1, keepdims=True) * z) / length

    x = torch.tensor(feature, requires_grad=True)
    loss = combine(head(x), torch.tensor(y), config)
    loss.total.backward()
    parts = (loss.total, loss.cross_entropy, loss.uniformity, loss.alignment)
    np.testing.assert_allclose([part.item() for part in parts], [ce + 0.5 * u + 0.1 * a, ce, u, a], atol=1e-9)
    np.testing.assert_allclose(x.grad.numpy(), by_feature, atol=1e-9)
    np.testing.assert_allclose(head.linear.weight.grad.numpy(), by_logits.T @ z, atol=1e-9)


def test_coinciding_embeddings_have_finite_values_and_gradients():
    z = np.repeat(unit(1, 16, 0), 4, axis=0)
    for function in (uniformity, lambda x: alignment(x, torch.ones(4, dtype=torch.int64))):
        value, gradient = torch_value(function, z, torch.float32)
        assert value == pytest.approx(0, abs=1e-12)
        np.testing.assert_allclose(gradient, 0, atol=1e-12)


def test_uniformity_has_a_floor():
    value, gradient = torch_value(uniformity, np.array([[30.0, 0.0], [-30.0, 0.0]]), torch.float32)
    assert value == pytest.approx(np.log(1e-6), abs=1e-6)
    assert not gradient.any()


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_embeddings_have_no_pairs(n: int):
    z = np.ones((n, 3))
    for function in (uniformity, lambda x: alignment(x, torch.zeros(n, dtype=torch.int64))):
        value, gradient = torch_value(function, z, torch.float32)
        assert value == 0
        assert not gradient.any()


def test_alignment_without_a_pair_of_one_label_is_zero_and_differentiable():
    value, gradient = torch_value(lambda x: alignment(x, torch.tensor([0, 1])), unit(2, 4, 0), torch.float32)
    assert value == 0
    assert not gradient.any()


def test_losses_do_not_lose_precision_under_autocast():
    z, y = unit(16, 64, 0, spread=0.1), torch.tensor([0, 1] * 8)
    x = torch.tensor(z, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = combine(HypersphericalHead(64)(x), y, LossConfig())
    assert loss.uniformity.item() == pytest.approx(np_uniformity(z)[0], abs=1e-6)
    assert loss.alignment.item() == pytest.approx(np_alignment(z, y.numpy())[0], abs=1e-6)


def test_a_part_without_weight_is_not_computed():
    head, x = HypersphericalHead(4), torch.randn(6, 4)
    loss = combine(head(x), torch.tensor([0, 1] * 3), LossConfig(uniformity=0, alignment=0))
    assert loss.total.item() == loss.cross_entropy.item()
    assert (loss.uniformity, loss.alignment) == (None, None)
    half = combine(head(x), torch.tensor([0, 1] * 3), LossConfig(uniformity=0.5, alignment=0))
    assert half.total.item() == pytest.approx(half.cross_entropy.item() + 0.5 * half.uniformity.item(), abs=1e-6)
    assert half.alignment is None


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), t=st.floats(0, 1), spread=st.sampled_from([1.0, 1e-2, 1e-4, 0.0]))
def test_slerp_divides_the_angle(seed: int, t: float, spread: float):
    a, b = torch.tensor(unit(2, 6, seed, spread=spread) if spread else np.repeat(unit(1, 6, seed), 2, 0))
    middle = slerp(a[None], b[None], torch.tensor([[t]], dtype=torch.float64))[0]

    def angle(x: torch.Tensor, y: torch.Tensor) -> float:
        return 2 * float(torch.asin(((x - y).norm() / 2).clamp(max=1)))

    assert float(middle.norm()) == pytest.approx(1, abs=1e-9)
    assert angle(a, middle) == pytest.approx(t * angle(a, b), abs=1e-6)
    assert angle(middle, b) == pytest.approx((1 - t) * angle(a, b), abs=1e-6)


def test_slerp_of_equal_and_of_opposite_vectors_is_finite_with_its_gradient():
    a = torch.tensor([[1.0, 0.0], [1.0, 0.0]], requires_grad=True)
    b = torch.tensor([[1.0, 0.0], [-1.0, 1e-5]])
    middle = slerp(a, b, torch.full((2, 1), 0.3))
    middle.sum().backward()
    assert torch.isfinite(middle).all()
    assert torch.isfinite(a.grad).all()


def test_slerp_within_class_never_mixes_classes():
    # classes live in planes that share no axis, so a mixture would show
    labels = torch.tensor([0, 1, 0, 1, 1, 0, 0])
    features = torch.randn(7, 4).abs()
    features[labels == 0, 2:] = 0
    features[labels == 1, :2] = 0
    mixed = slerp_within_class(features, labels, torch.Generator().manual_seed(0))
    assert mixed[labels == 0, 2:].eq(0).all()
    assert mixed[labels == 1, :2].eq(0).all()
    torch.testing.assert_close(mixed.norm(dim=1), torch.ones(7))
    assert not torch.allclose(mixed, features / features.norm(dim=1, keepdim=True), atol=1e-3)


def test_slerp_within_class_repeats_with_its_generator_and_leaves_a_single_member():
    labels, features = torch.tensor([0, 0, 0, 1]), torch.randn(4, 5)
    first, again, other = (
        slerp_within_class(features, labels, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    torch.testing.assert_close(first[3], features[3] / features[3].norm())
