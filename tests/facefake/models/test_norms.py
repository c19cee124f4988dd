from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import load_file, safe_open, save_file
from torch.nn import functional as F

from facefake.export import export_detector
from facefake.models import (
    BackboneSpec,
    DetectorCard,
    Tuned,
    Tuning,
    load_backbone,
    load_detector,
    save_detector,
    tuned_network,
)
from facefake.models.detector import describe_backbone
from facefake.models.norms import batch_norms, statistics
from facefake.models.tower import weights_digest
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from tests.facefake.models.custom import TEXT

CNN = BackboneSpec("tiny-cnn", "random:0")
CROPS = [np.random.default_rng(seed).integers(0, 256, (32, 32, 3), np.uint8) for seed in range(5)]


def tuned(strategy: str = "full") -> Tuned:
    return tuned_network(load_backbone(CNN), Tuning(strategy=strategy, head="linear"))


def batch(step: int, count: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(step)
    pictures = 3 * torch.randn(count, 3, 32, 32, generator=generator) + 1
    return pictures, torch.arange(count) % 2


def train(network: torch.nn.Module, steps: int = 3) -> list[float]:
    """Steps of a plain loop on anything that gives logits."""
    optimiser = torch.optim.SGD([each for each in network.parameters() if each.requires_grad], 0.05, momentum=0.9)
    losses = []
    for step in range(steps):
        network.train()
        pictures, labels = batch(step)
        output = network(pictures)
        loss = F.cross_entropy(output if isinstance(output, torch.Tensor) else output.logits, labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


class Plain(torch.nn.Module):
    """The same tower and head as timm and torch would have them, in training mode as a whole."""

    def __init__(self, ours: Tuned) -> None:
        super().__init__()
        self.trunk = load_backbone(CNN).visual.trunk
        self.linear = torch.nn.Linear(ours.network.backbone.dim, 2)
        self.linear.load_state_dict(ours.network.head.linear.state_dict())

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.linear(self.trunk(pictures))


@pytest.mark.parametrize("checkpointed", [False, True])
def test_full_trains_a_cnn_as_a_plain_loop_does(checkpointed: bool):
    ours = tuned()
    plain = Plain(ours)
    if checkpointed:
        ours.network.backbone.checkpoint_gradients()
    np.testing.assert_allclose(train(ours.network), train(plain), atol=1e-6)
    state = ours.network.backbone.visual.trunk.state_dict()
    assert set(statistics(plain.trunk)) <= set(state)
    for name, expected in plain.trunk.state_dict().items():
        torch.testing.assert_close(state[name], expected, atol=1e-6, rtol=1e-5)
    for name, parameter in plain.trunk.named_parameters():
        grad = ours.network.backbone.visual.trunk.get_parameter(name).grad
        torch.testing.assert_close(grad, parameter.grad, atol=1e-6, rtol=1e-5)
    ours.network.eval()
    plain.eval()
    pictures, _ = batch(9)
    with torch.no_grad():
        torch.testing.assert_close(ours.network(pictures).logits, plain(pictures), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("strategy", ["linear", "bitfit"])
def test_other_strategies_leave_the_statistics_of_the_base(strategy: str):
    ours = tuned(strategy)
    before = {name: tensor.clone() for name, tensor in ours.network.backbone.state_dict().items()}
    train(ours.network)
    moved = statistics(ours.network.backbone)
    assert moved
    assert all(torch.equal(ours.network.backbone.state_dict()[name], before[name]) for name in moved)
    assert not any("running" in name or "tracked" in name for name in ours.names)


def test_nothing_but_batch_norms_goes_into_training_mode():
    network = tuned().network.train()
    norms = {id(norm) for _, norm in batch_norms(network)}
    modes = {id(module) in norms: module.training for module in network.backbone.visual.modules()}
    assert modes == {True: True, False: False}
    assert not any(module.training for module in network.eval().modules())


def test_the_digest_is_that_of_the_base_before_training():
    ours = tuned()
    assert ours.network.backbone.sha256 == weights_digest(load_backbone(CNN).visual)
    train(ours.network)
    assert ours.network.backbone.sha256 == load_backbone(CNN).sha256 != weights_digest(ours.network.backbone.visual)


def card(ours: Tuned, strategy: str = "full") -> DetectorCard:
    return DetectorCard(
        tool_version="0",
        backbone=describe_backbone(ours.network.backbone),
        strategy=strategy,
        head="linear",
        geometry=CropGeometry().to_dict(),
        face_detector="mtcnn",
    )


@pytest.fixture
def trained(tmp_path: Path) -> tuple[Path, Tuned]:
    """A detector file of a trained CNN, and its network."""
    ours = tuned()
    train(ours.network)
    path = tmp_path / "detector.safetensors"
    save_detector(path, ours.network, card(ours))
    return path, ours


def scores_of(ours: Tuned) -> np.ndarray:
    preprocess = ours.network.backbone.preprocess
    with torch.no_grad():
        logits = ours.network.eval()(torch.stack([preprocess(crop) for crop in CROPS])).logits
    return logits.double().softmax(1)[:, 1].numpy()


def test_a_detector_file_brings_the_statistics_back(trained: tuple[Path, Tuned]):
    path, ours = trained
    tensors = load_file(path)
    assert set(tensors) == set(ours.names) >= {f"backbone.{name}" for name in statistics(ours.network.backbone)}
    counts = [tensor for name, tensor in tensors.items() if name.endswith("num_batches_tracked")]
    assert {(each.dtype, int(each)) for each in counts} == {(torch.int64, 3)}
    np.testing.assert_allclose(load_detector(path, "cpu", precision="fp32").score(CROPS), scores_of(ours), atol=1e-6)


def test_an_export_has_them_too(trained: tuple[Path, Tuned]):
    pytest.importorskip("onnxscript")
    path, ours = trained
    exported = path.with_name("detector.onnx")
    export_detector(path, exported)
    np.testing.assert_allclose(load_detector(exported).score(CROPS), scores_of(ours), atol=1e-4)


def rewritten(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    save_file(tensors, path, metadata)
    return path


def test_a_file_of_an_earlier_version_has_those_of_the_base(trained: tuple[Path, Tuned]):
    path, ours = trained
    moved = {f"backbone.{name}" for name in statistics(ours.network.backbone)}
    rewritten(path, {name: tensor for name, tensor in load_file(path).items() if name not in moved})
    base = load_backbone(CNN).state_dict()
    ours.network.backbone.load_state_dict(
        {name: base[name] for name in statistics(ours.network.backbone)}, strict=False
    )
    np.testing.assert_allclose(load_detector(path, "cpu", precision="fp32").score(CROPS), scores_of(ours), atol=1e-6)


def test_a_file_with_some_of_them_is_corrupt(trained: tuple[Path, Tuned]):
    path, _ = trained
    tensors = load_file(path)
    del tensors[next(name for name in tensors if name.endswith("running_var"))]
    with pytest.raises(FacefakeError, match="running_var") as caught:
        load_detector(rewritten(path, tensors), "cpu")
    assert caught.value.code == "detector_corrupt"


def test_bf16_keeps_statistics_in_float32():
    network = tuned().network.train()
    pictures, labels = batch(0)
    with torch.autocast("cpu", torch.bfloat16):
        loss = F.cross_entropy(network(pictures).logits, labels)
    loss.backward()
    means = [norm.running_mean for _, norm in batch_norms(network)]
    assert {mean.dtype for mean in means} == {torch.float32}
    assert all(torch.isfinite(mean).all() and mean.abs().sum() > 0 for mean in means)


def register(folder: Path, name: str, **vision: object) -> BackboneSpec:
    """A model with a tower of timm whose config says this."""
    vision = {"timm_model_name": "test_resnet", "timm_proj": "none", "image_size": 32, **vision}
    config = {"embed_dim": 24, "custom_text": True, "vision_cfg": vision, "text_cfg": TEXT}
    (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder / f"{name}.json")
    return BackboneSpec(name, "random:0")


@pytest.mark.parametrize(
    "vision",
    [
        {"timm_pool": ""},
        {"timm_pool": "", "timm_proj": None},
        {"timm_pool": "avg", "timm_model_name": "test_vit", "image_size": 50},
        {"timm_pool": "", "timm_model_name": "test_vit", "image_size": 160},
        {"timm_pool": "avg", "timm_model_name": "test_rest"},
        {"timm_pool": "mean"},
    ],
    ids=["map", "classified map", "size", "tokens", "model", "pooling"],
)
@pytest.mark.parametrize("feature", ["pooled", "joint"])
@pytest.mark.parametrize("from_file", [False, True])
def test_a_config_that_gives_no_feature_is_refused_when_it_is_built(
    tmp_path: Path, vision: dict, feature: str, from_file: bool
):
    spec = register(tmp_path, f"wrong-{len(list(tmp_path.parent.iterdir()))}", **vision)
    weights = spec.weights
    if from_file:
        trunk = load_backbone(CNN).visual.state_dict()
        save_file(trunk, tmp_path / "weights.safetensors")
        weights = str(tmp_path / "weights.safetensors")
    with pytest.raises(FacefakeError) as caught:
        load_backbone(BackboneSpec(spec.name, weights, feature))
    assert caught.value.code == "config_invalid" or (from_file and caught.value.code == "weights_invalid")
    assert caught.value.hint


def test_an_unpooled_map_is_named_with_what_to_set(tmp_path: Path):
    with pytest.raises(FacefakeError, match=r"wrong-map gives a map of \(96, 1, 1\) for each picture") as caught:
        load_backbone(register(tmp_path, "wrong-map", timm_pool=""))
    assert (caught.value.code, "timm_pool" in caught.value.hint) == ("config_invalid", True)


@pytest.mark.parametrize(("pool", "width"), [("avg", 96), ("max", 96), ("catavgmax", 192)])
def test_any_pooling_of_the_config_is_taken_with_its_width(tmp_path: Path, pool: str, width: int):
    backbone = load_backbone(register(tmp_path, f"pooled-{pool}", timm_pool=pool))
    assert backbone.dim == width
    with torch.no_grad():
        assert backbone(batch(0)[0]).shape == (4, width)


def test_words_and_pictures_of_different_widths_are_refused_when_built():
    backbone = load_backbone(BackboneSpec("tiny-cnn", "random:0", "joint"))
    with pytest.raises(FacefakeError, match="96 numbers of a picture and 24 of a sentence") as caught:
        tuned_network(backbone, Tuning(strategy="adapter", head="text"))
    assert caught.value.code == "config_invalid"
