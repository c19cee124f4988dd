"""Where tensors meet: everything a network holds moves with it, and nothing it computes needs another device.

There need be no GPU: torch works out shapes and devices of tensors that have no memory, and complains where two meet.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from facefake.models import BackboneSpec, Network, Tuning, load_backbone, tuned_network
from facefake.models.folding import fold
from facefake.training.config import LossConfig
from facefake.training.losses import combine
from tests.facefake.models.conftest import COMBINATIONS

SMALL = "tiny-clip"


@pytest.fixture
def replaced_parameters() -> Iterator[None]:
    """Let networks move to where their parameters cannot be written in place."""
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    yield
    torch.__future__.set_overwrite_module_params_on_conversion(False)


def small(strategy: str, head: str, feature: str) -> Network:
    backbone = load_backbone(BackboneSpec(SMALL, "random:0", feature))
    return tuned_network(backbone, Tuning(strategy=strategy, head=head)).network


def left_behind(network: nn.Module) -> list[str]:
    """Tensors that are neither parameters nor buffers."""
    own = ("_parameters", "_buffers", "_modules")
    return [
        f"{path}.{name}"
        for path, module in network.named_modules()
        for name, value in vars(module).items()
        if name not in own and any(isinstance(each, torch.Tensor) for each in _inside(value))
    ]


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple | set) else [value]


@pytest.mark.parametrize(("strategy", "head", "feature"), COMBINATIONS)
def test_all_tensors_of_a_network_are_parameters_or_buffers(strategy: str, head: str, feature: str):
    network = small(strategy, head, feature)
    assert left_behind(network) == []
    network.to(torch.float64)
    floats = [each for each in (*network.parameters(), *network.buffers()) if each.is_floating_point()]
    assert {each.dtype for each in floats} == {torch.float64}


def test_a_tensor_that_is_left_behind_is_found():
    network = small("linear", "linear", "pooled")
    network.head.offsets = [torch.zeros(2)]
    assert left_behind(network) == ["head.offsets"]


@pytest.mark.parametrize(("strategy", "head", "feature"), COMBINATIONS)
@pytest.mark.usefixtures("replaced_parameters")
def test_a_network_on_a_gpu_needs_no_tensor_of_the_cpu(strategy: str, head: str, feature: str):
    network = small(strategy, head, feature)
    backbone = network.backbone
    size = backbone.image_size
    with FakeTensorMode(), torch.no_grad():
        network._apply(lambda tensor: torch.empty(tensor.shape, dtype=tensor.dtype, device="cuda"))
        pictures = torch.empty(4, 3, size, size, device="cuda")
        labels = torch.zeros(4, dtype=torch.int64, device="cuda")
        output = network(pictures)
        loss = combine(output, labels, LossConfig(uniformity=0.5, alignment=0.1))
        assert {output.logits.device.type, output.embedding.device.type, loss.total.device.type} == {"cuda"}
        folded, _ = fold(network)
        assert folded(pictures).logits.device.type == "cuda"
