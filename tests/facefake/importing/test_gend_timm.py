"""GenD on PE-Core and DINOv3 from its published form, against the same network of timm's and transformers' modules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from facefake.importing.convert import convert
from facefake.models import BackboneSpec, load_detector
from facefake.models.tower import check_name
from preprocessing.errors import FacefakeError
from tests.facefake import timm_towers
from tests.facefake.importing import published
from tests.facefake.timm_towers import DINO, DINO_BIASED, PE, SIDES, WIDTHS

MODELS = {"gend-pe": PE, "gend-dinov3": DINO}
# what GenD's experiments unfreeze: every parameter with one of these in its name
TUNED = {"gend-pe": ("norm_pre", "norm1", "norm2", "norm"), "gend-dinov3": ("norm1", "norm2", "norm")}
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
LOOKS = {PE: ((0.5,) * 3, (0.5,) * 3), DINO: _IMAGENET, DINO_BIASED: _IMAGENET}


@pytest.fixture(scope="module", autouse=True)
def _towers(tmp_path_factory):
    check_name("tiny-vit")  # registers the shipped ones
    timm_towers.register(tmp_path_factory.mktemp("configs"))


def tower(form: str, seed: int = 0) -> torch.nn.Module:
    return timm_towers.pe_core(seed) if form == "gend-pe" else timm_towers.dinov3(seed=seed)


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bases")
    for form in MODELS:
        save_file(timm_towers.published_names(tower(form)), folder / f"{form}.safetensors")
    return {form: folder / f"{form}.safetensors" for form in MODELS}


@pytest.fixture(scope="module")
def networks() -> dict[str, timm_towers.Published]:
    made = {form: timm_towers.Published(tower(form), WIDTHS[name]).eval() for form, name in MODELS.items()}
    for form, network in made.items():
        torch.manual_seed(1)
        network.tune(*TUNED[form])
    return made


@pytest.fixture(scope="module")
def folders(networks, bases, tmp_path_factory) -> dict[str, Path]:
    """Where each of them is imported to."""
    made = {form: tmp_path_factory.mktemp(form) for form in MODELS}
    for form, folder in made.items():
        imported(networks[form].file(), form, bases[form], folder)
    return made


def entry(form: str, base: Path, name: str | None = None):
    spec = BackboneSpec(name or MODELS[form], str(base))
    return replace(published.entry("gend-clip", base), form=form, backbone=spec)


def imported(tensors, form: str, base: Path, folder: Path, name: str | None = None) -> Path:
    save_file(tensors, folder / "model.safetensors")
    convert(folder / "model.safetensors", entry(form, base, name), folder / "detector.safetensors")
    return folder / "detector.safetensors"


def crops(side: int) -> list[np.ndarray]:
    return list(np.random.default_rng(3).integers(0, 256, (4, side, side, 3), np.uint8))


def their_evidence(network: torch.nn.Module, name: str) -> np.ndarray:
    """Logit of fake less that of real."""
    mean, std = (torch.tensor(each)[:, None, None] for each in LOOKS[name])
    batch = (torch.tensor(np.stack(crops(SIDES[name]))).permute(0, 3, 1, 2) / 255 - mean) / std
    with torch.no_grad():
        logits = network(batch).double()
    return (logits[:, 1] - logits[:, 0]).numpy()


def our_evidence(file: Path, name: str) -> np.ndarray:
    fake = load_detector(file, "cpu", precision="fp32").score(crops(SIDES[name]))
    return np.log(fake) - np.log1p(-fake)


@pytest.mark.parametrize("form", MODELS)
def test_it_answers_as_published(form, networks, folders):
    theirs = their_evidence(networks[form], MODELS[form])
    ours = our_evidence(folders[form] / "detector.safetensors", MODELS[form])
    assert np.ptp(theirs) > 0.1  # the pictures are told apart at all
    np.testing.assert_allclose(ours, theirs, atol=1e-5, rtol=0)


@pytest.mark.parametrize("form", MODELS)
def test_a_head_the_other_way_round_answers_the_other_way_round(form, networks, bases, tmp_path):
    swapped = networks[form].file()
    for name in ("model.linear.weight", "model.linear.bias"):
        swapped[name] = swapped[name].flip(0)
    ours = our_evidence(imported(swapped, form, bases[form], tmp_path), MODELS[form])
    np.testing.assert_allclose(ours, -their_evidence(networks[form], MODELS[form]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("form", MODELS)
def test_the_file_holds_what_was_tuned_and_nothing_else(form, networks, folders):
    held = load_file(folders[form] / "detector.safetensors")
    tuned = [
        name
        for name, _ in networks[form].feature_extractor.named_parameters()
        if any(word in name for word in TUNED[form])
    ]
    assert len(held) == len(tuned) + 2
    assert all("norm" in name or name.startswith("head.") for name in held)


def test_names_of_transformers_5_are_read_as_those_of_4(networks, bases, tmp_path):
    file = networks["gend-dinov3"].state_dict()
    assert "feature_extractor.backbone.model.layer.0.norm1.weight" in file
    ours = our_evidence(imported(file, "gend-dinov3", bases["gend-dinov3"], tmp_path), DINO)
    np.testing.assert_allclose(ours, their_evidence(networks["gend-dinov3"], DINO), atol=1e-5, rtol=0)


def test_a_checkpoint_of_its_training_is_read_too(networks, bases, tmp_path):
    torch.save({"epoch": 3, "state_dict": networks["gend-pe"].file()}, tmp_path / "model.ckpt")
    convert(tmp_path / "model.ckpt", entry("gend-pe", bases["gend-pe"]), tmp_path / "detector.safetensors")
    ours = our_evidence(tmp_path / "detector.safetensors", PE)
    np.testing.assert_allclose(ours, their_evidence(networks["gend-pe"], PE), atol=1e-5, rtol=0)


@pytest.mark.parametrize("form", MODELS)
def test_another_base_is_told(form, networks, bases, tmp_path):
    save_file(timm_towers.published_names(tower(form, seed=5)), tmp_path / "other.safetensors")
    with pytest.raises(FacefakeError) as caught:
        imported(networks[form].file(), form, tmp_path / "other.safetensors", tmp_path)
    assert caught.value.code == "backbone_mismatch"
    assert not (tmp_path / "detector.safetensors").exists()


def test_positions_of_another_base_are_told_though_they_are_resampled(networks, bases, tmp_path):
    moved = networks["gend-pe"].file()
    moved["feature_extractor.backbone.pos_embed"] = moved["feature_extractor.backbone.pos_embed"] * 1.5
    with pytest.raises(FacefakeError, match="pos_embed") as caught:
        imported(moved, "gend-pe", bases["gend-pe"], tmp_path)
    assert caught.value.code == "backbone_mismatch"


@pytest.mark.parametrize(
    ("form", "other", "says"),
    [
        ("gend-pe", "gend-dinov3", "a DINOv3 as transformers names it"),
        ("gend-dinov3", "gend-pe", r"a perception encoder \(PE\) as timm names it"),
    ],
)
def test_the_other_ones_file_is_told_by_name(form, other, says, networks, bases, tmp_path):
    with pytest.raises(FacefakeError, match=says) as caught:
        imported(networks[other].file(), form, bases[form], tmp_path)
    assert caught.value.code == "import_mismatch"


@pytest.mark.parametrize("form", MODELS)
@pytest.mark.parametrize("gone", ["model.linear.bias", "feature_extractor.backbone.norm.weight"])
def test_a_file_that_lacks_a_tensor_is_told(form, gone, networks, bases, tmp_path):
    part = networks[form].file()
    del part[gone]
    with pytest.raises(FacefakeError, match=r"missing|norm\.weight") as caught:
        imported(part, form, bases[form], tmp_path)
    assert caught.value.code == "import_mismatch"


def test_biases_that_timms_tower_lacks_are_not_dropped_unless_they_are_zero(networks, bases, tmp_path):
    biased = networks["gend-dinov3"].file()
    biased["feature_extractor.backbone.layer.3.attention.q_proj.bias"] += 0.1
    with pytest.raises(FacefakeError, match="q_bias") as caught:
        imported(biased, "gend-dinov3", bases["gend-dinov3"], tmp_path)
    assert caught.value.code == "import_mismatch"


def test_a_tower_with_such_biases_takes_them(tmp_path):
    base = timm_towers.dinov3(DINO_BIASED)
    save_file(timm_towers.published_names(base), tmp_path / "base.safetensors")
    network = timm_towers.Published(base, WIDTHS[DINO_BIASED]).eval()
    torch.manual_seed(1)
    network.tune(*TUNED["gend-dinov3"])
    file = imported(network.file(), "gend-dinov3", tmp_path / "base.safetensors", tmp_path, DINO_BIASED)
    np.testing.assert_allclose(our_evidence(file, DINO_BIASED), their_evidence(network, DINO_BIASED), atol=1e-5, rtol=0)
