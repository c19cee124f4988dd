from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from facefake.models import BackboneSpec, DetectorCard, Tuned, Tuning, load_detector, save_detector
from facefake.models.card import AdapterSettings, LoraSettings
from facefake.models.detector import describe_backbone
from facefake.models.file import read_card
from facefake.models.folding import fold
from facefake.models.heads import HypersphericalHead
from preprocessing.errors import FacefakeError
from tests.facefake.models.conftest import COMBINATIONS, moved_network

CROPS = [np.random.default_rng(seed).integers(0, 256, (32, 32, 3), np.uint8) for seed in range(6)]


def tuned(strategy: str, head: str, name: str = "tiny-clip", feature: str = "joint", **settings) -> Tuned:
    return moved_network(BackboneSpec(name, "random:0", feature), Tuning(strategy=strategy, head=head, **settings))


def scores(network: torch.nn.Module, preprocess) -> np.ndarray:
    with torch.inference_mode():
        logits = network(torch.stack([preprocess(crop) for crop in CROPS])).logits
    return logits.double().softmax(1)[:, 1].numpy()


def save(path: Path, made: Tuned, strategy: str, head: str) -> Path:
    card = DetectorCard(
        tool_version="0",
        backbone=describe_backbone(made.network.backbone),
        strategy=strategy,
        head=head,
        geometry={"template": "resize-crop", "scale": 1.0, "size": 32},
        face_detector="none",
    )
    save_detector(path, made.network, card)
    return path


@pytest.mark.parametrize("strategy", ["prompt", "full", "adapter", "ln"])
def test_a_folded_head_answers_the_same_without_a_text_tower(strategy: str):
    made = tuned(strategy, "text")
    network, names = fold(made.network)
    preprocess = network.backbone.preprocess
    np.testing.assert_allclose(scores(network, preprocess), scores(made.network, preprocess), atol=1e-6)
    assert isinstance(network.head, HypersphericalHead)
    assert not any("tower" in name for name in names)
    assert {"head.linear.weight", "head.linear.bias"} <= set(names)
    assert torch.equal(network.head.linear.bias, torch.zeros(2))


def test_other_heads_are_left_as_they_are():
    made = tuned("ln", "linear")
    network, names = fold(made.network)
    assert network is made.network
    assert names == made.names


def test_folding_draws_no_random_numbers_and_leaves_training_alone():
    made = tuned("prompt", "text")
    before = torch.get_rng_state()
    fold(made.network)
    assert torch.equal(torch.get_rng_state(), before)
    assert made.network.get_parameter("head.prompt.context").requires_grad


@pytest.mark.parametrize(("strategy", "head", "feature"), COMBINATIONS)
def test_every_detector_scores_after_loading_as_before_saving(tmp_path: Path, strategy: str, head: str, feature: str):
    made = tuned(strategy, head, feature=feature)
    path = save(tmp_path / "d.safetensors", made, strategy, head)
    detector = load_detector(path, "cpu")
    expected = scores(made.network, made.network.backbone.preprocess)
    found = detector.score(CROPS)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(found) > 1e-4
    assert detector.whole
    card = read_card(path)
    assert (card.strategy, card.backbone.feature) == (strategy, feature)
    assert card.head == ("hyperspherical" if head == "text" else head)
    np.testing.assert_array_equal(detector.classify(detector.encode(CROPS)), found)
    assert detector.encode(CROPS, batch_size=4).dtype == np.float32


@pytest.mark.parametrize("name", ["tiny-timm", "tiny-custom"])
@pytest.mark.parametrize("strategy", ["prompt", "adapter", "lora", "full"])
def test_detectors_on_other_makes_of_models(tmp_path: Path, name: str, strategy: str):
    made = tuned(strategy, "text", name)
    detector = load_detector(save(tmp_path / "d.safetensors", made, strategy, "text"), "cpu")
    np.testing.assert_allclose(detector.score(CROPS), scores(made.network, made.network.backbone.preprocess), atol=1e-5)


def test_a_prompt_detector_holds_two_points_and_nothing_else(tmp_path: Path):
    path = save(tmp_path / "d.safetensors", tuned("prompt", "text"), "prompt", "text")
    assert {name: tuple(value.shape) for name, value in load_file(path).items()} == {
        "head.linear.weight": (2, 32),
        "head.linear.bias": (2,),
    }


def test_updates_have_plain_names_in_the_file(tmp_path: Path):
    path = save(tmp_path / "d.safetensors", tuned("lora", "hyperspherical"), "lora", "hyperspherical")
    block = "backbone.visual.transformer.resblocks.1"
    weights = ("attn.in_proj_weight", "attn.out_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")
    names = {name for name in load_file(path) if name.startswith(block)}
    assert names == {f"{block}.{weight}.lora_{part}" for weight in weights for part in ("up", "down")}


def test_the_card_says_what_the_network_was_built_with(tmp_path: Path):
    lora = LoraSettings(rank=3, alpha=5.0, targets=("mlp",))
    path = save(tmp_path / "l.safetensors", tuned("lora", "text", lora=lora), "lora", "text")
    assert (read_card(path).lora, read_card(path).adapter) == (lora, None)
    adapter = AdapterSettings(reduction=4, ratio=0.7)
    path = save(tmp_path / "a.safetensors", tuned("adapter", "linear", adapter=adapter), "adapter", "linear")
    assert (read_card(path).lora, read_card(path).adapter) == (None, adapter)


@pytest.mark.parametrize(
    ("strategy", "change"),
    [
        ("adapter", {"adapter": None}),
        ("adapter", {"adapter": AdapterSettings(reduction=4)}),
        ("adapter", {"lora": LoraSettings()}),
        ("adapter", {"strategy": "prompt"}),
        ("adapter", {"head": "text"}),
        ("lora", {"lora": None}),
        ("lora", {"lora": LoraSettings(rank=2)}),
        ("lora", {"lora": LoraSettings(targets=("mlp",))}),
        ("lora", {"strategy": "ln"}),
        ("prompt", {"adapter": AdapterSettings()}),
    ],
)
def test_a_card_whose_tuning_does_not_fit_its_tensors_is_refused(tmp_path: Path, strategy: str, change: dict):
    path = save(tmp_path / "d.safetensors", tuned(strategy, "text"), strategy, "text")
    card = read_card(path).model_copy(update=change)
    save_file(load_file(path), path, {"facefake": card.model_dump_json()})
    with pytest.raises(FacefakeError) as caught:
        load_detector(path, "cpu")
    assert caught.value.code == "detector_corrupt"


def test_a_detector_of_one_feature_is_not_loaded_on_the_other(tmp_path: Path):
    path = save(tmp_path / "d.safetensors", tuned("linear", "linear"), "linear", "linear")
    card = read_card(path)
    wrong = card.model_copy(update={"backbone": card.backbone.model_copy(update={"feature": "pooled"})})
    save_file(load_file(path), path, {"facefake": wrong.model_dump_json()})
    with pytest.raises(FacefakeError) as caught:
        load_detector(path, "cpu")
    assert caught.value.code == "backbone_mismatch"


def test_cards_of_before_features_and_tunings_load(tmp_path: Path):
    import json

    path = save(tmp_path / "d.safetensors", tuned("ln", "hyperspherical", feature="pooled"), "ln", "hyperspherical")
    before = load_detector(path, "cpu").score(CROPS)
    values = json.loads(read_card(path).model_dump_json())
    del values["adapter"], values["lora"], values["backbone"]["feature"]
    save_file(load_file(path), path, {"facefake": json.dumps(values)})
    np.testing.assert_array_equal(load_detector(path, "cpu").score(CROPS), before)
