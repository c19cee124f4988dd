"""Towers of timm: PE-Core and DINOv3, against timm's and transformers' own modules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub.errors import EntryNotFoundError
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform, resolve_model_data_config
from transformers import DINOv3ViTImageProcessor

from facefake.models import BackboneSpec, load_backbone
from facefake.models.backbone import find_weights
from facefake.models.strategies import bitfit, ln
from facefake.models.tower import check_name
from preprocessing.errors import FacefakeError
from tests.facefake import timm_towers
from tests.facefake.timm_towers import DINO, DINO_BIASED, PE, SIDES

LARGE = {"PE-Core-L-14-224": (0.5, 0.5, 0.5), "DINOv3-L-16-224": (0.485, 0.456, 0.406)}


@pytest.fixture(scope="module", autouse=True)
def _towers(tmp_path_factory):
    check_name("tiny-vit")  # registers the shipped ones
    timm_towers.register(tmp_path_factory.mktemp("configs"))


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """Weights as timm and transformers publish them."""
    folder, paths = tmp_path_factory.mktemp("weights"), {}
    towers = {PE: timm_towers.pe_core(), DINO: timm_towers.dinov3(), DINO_BIASED: timm_towers.dinov3(DINO_BIASED)}
    for name, tower in towers.items():
        paths[name] = folder / f"{name}.safetensors"
        save_file(timm_towers.published_names(tower), paths[name])
    return paths


def test_pe_core_at_a_smaller_side_is_timms_with_dynamic_img_size(files):
    backbone, batch = load_backbone(BackboneSpec(PE, str(files[PE]))), timm_towers.pictures(SIDES[PE])
    assert (backbone.image_size, backbone.dim) == (128, 192)
    with torch.no_grad():
        torch.testing.assert_close(backbone(batch), timm_towers.pe_core()(batch), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", [DINO, DINO_BIASED])
def test_dinov3_gives_transformers_class_token(name, files):
    backbone, batch = load_backbone(BackboneSpec(name, str(files[name]))), timm_towers.pictures(SIDES[name])
    with torch.no_grad():
        theirs = timm_towers.dinov3(name)(batch).last_hidden_state[:, 0]
        torch.testing.assert_close(backbone(batch), theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("level", ["", "trunk.", "visual.trunk."], ids=["timm", "tower", "whole model"])
def test_names_of_timm_and_of_open_clip_are_one_base(level, files, tmp_path):
    ours = load_backbone(BackboneSpec(DINO, str(files[DINO])))
    state = {
        level + name.removeprefix("trunk."): tensor.contiguous() for name, tensor in ours.visual.state_dict().items()
    }
    save_file(state, tmp_path / "other.safetensors")
    assert load_backbone(BackboneSpec(DINO, str(tmp_path / "other.safetensors"))).sha256 == ours.sha256


def test_the_digest_is_of_the_weights_and_not_of_positions_resampled_here(files, tmp_path):
    backbone = load_backbone(BackboneSpec(PE, str(files[PE])))
    assert backbone.visual.trunk.pos_embed.shape[1] == (128 // 16) ** 2 + 1
    native = timm_towers.published_names(timm_towers.pe_core())
    assert native["pos_embed"].shape[1] == (384 // 16) ** 2 + 1
    native["pos_embed"] = native["pos_embed"].clone()
    native["pos_embed"][0, -1, -1] += 1e-3
    save_file(native, tmp_path / "moved.safetensors")
    assert load_backbone(BackboneSpec(PE, str(tmp_path / "moved.safetensors"))).sha256 != backbone.sha256


def test_tables_that_no_file_holds_are_those_of_a_tower_that_was_built_whole(files, monkeypatch):
    first = load_backbone(BackboneSpec(PE, str(files[PE])))
    monkeypatch.setattr("facefake.models.tower._fill_tables", lambda visual: False)
    built = load_backbone(BackboneSpec(PE, str(files[PE])))
    tables, others = dict(first.visual.named_buffers()), dict(built.visual.named_buffers())
    assert tables.keys() == others.keys() != set()
    assert all(torch.equal(tables[name], others[name]) for name in tables)
    assert first.sha256 == built.sha256


def test_biases_that_are_not_zero_are_not_dropped(files):
    with pytest.raises(FacefakeError, match=r"q_bias|v_bias") as caught:
        load_backbone(BackboneSpec(DINO, str(_biased(files))))
    assert caught.value.code == "weights_invalid"


def _biased(files: dict[str, Path]) -> Path:
    state = timm_towers.published_names(timm_towers.dinov3())
    state["layer.11.attention.v_proj.bias"][5] = 0.01
    path = files[DINO].with_name("biased.safetensors")
    save_file(state, path)
    return path


def test_weights_of_another_tower_are_refused(files):
    with pytest.raises(FacefakeError) as caught:
        load_backbone(BackboneSpec(PE, str(files[DINO])))
    assert caught.value.code == "weights_invalid"


@pytest.mark.parametrize("name", [PE, DINO])
def test_ln_trains_what_gend_unfreezes(name, files):
    """Every parameter with ``norm`` in its name (src/exp/wacv_rebuttal.py of yermandy/GenD), in either library."""
    visual = load_backbone(BackboneSpec(name, str(files[name]))).visual
    tower = timm_towers.pe_core() if name == PE else timm_towers.dinov3()
    theirs = [each for each, _ in tower.named_parameters() if "norm" in each]
    assert len(ln(visual)) == len(theirs)
    assert all("norm" in each for each in ln(visual))
    if name == PE:
        assert {each.removeprefix("trunk.") for each in ln(visual)} == set(theirs)
        assert "trunk.attn_pool.norm.weight" in ln(visual)


@pytest.mark.parametrize(("name", "mean"), LARGE.items())
def test_the_large_ones_that_are_shipped(name, mean):
    with torch.device("meta"):
        backbone = load_backbone(BackboneSpec(name, "random:0"))
        assert backbone(torch.zeros(2, 3, 224, 224)).shape == (2, backbone.dim) == (2, 1024)
    assert (backbone.image_size, backbone.mean) == (224, mean)
    tuned = sum(tensor.numel() for each, tensor in backbone.visual.named_parameters() if each in ln(backbone.visual))
    assert tuned == {"PE-Core-L-14-224": 51, "DINOv3-L-16-224": 49}[name] * 2 * 1024
    assert bitfit(backbone.visual)


def face() -> np.ndarray:
    """A picture with edges, as resizing shows."""
    rows, columns = np.mgrid[:317, :317]
    waves = 127 + 120 * np.sin(rows / 3.1) * np.cos(columns / 2.3)
    return np.stack([waves, waves.T, np.where((rows // 40 + columns // 40) % 2, 250.0, 5.0)], axis=-1).astype(np.uint8)


def test_pe_core_sees_what_timms_own_transform_makes():
    tower = timm_towers.pe_core()
    settings = resolve_model_data_config(tower) | {"input_size": (3, 224, 224)}
    theirs = create_transform(**settings, is_training=False)(Image.fromarray(face()))
    with torch.device("meta"):
        backbone = load_backbone(BackboneSpec("PE-Core-L-14-224", "random:0"))
    ours = backbone.preprocess
    torch.testing.assert_close(ours(face()), theirs, atol=1e-6, rtol=0)


def test_dinov3_sees_what_transformers_processor_makes_but_for_rounding_to_eight_bits():
    theirs = DINOv3ViTImageProcessor()(images=Image.fromarray(face()), return_tensors="pt")["pixel_values"][0]
    with torch.device("meta"):
        backbone = load_backbone(BackboneSpec("DINOv3-L-16-224", "random:0"))
    levels = (backbone.preprocess(face()) - theirs).abs() * torch.tensor([0.229, 0.224, 0.225])[:, None, None] * 255
    assert levels.max() <= 1  # PIL rounds after either of two passes
    assert levels.mean() < 0.3


@pytest.fixture
def cached(tmp_path, monkeypatch) -> Path:
    """An empty local cache, and no network."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tmp_path / "hub" / "models--timm--small_dinov3.test"


def test_a_tower_of_timms_is_found_in_the_hubs_cache(files, cached):
    spec = BackboneSpec(DINO, "hf-hub:timm/small_dinov3.test")
    assert find_weights(spec) is None
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text("0" * 40)
    snapshot = cached / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").symlink_to(files[DINO])
    assert find_weights(spec) == snapshot / "model.safetensors"
    assert load_backbone(spec).sha256 == load_backbone(BackboneSpec(DINO, str(files[DINO]))).sha256


def test_without_a_network_the_file_to_bring_is_named(cached):
    with pytest.raises(FacefakeError) as caught:
        load_backbone(BackboneSpec("DINOv3-L-16-224", "hf-hub:timm/vit_large_patch16_dinov3.lvd1689m"))
    assert caught.value.code == "weights_not_found"
    assert "or else model.safetensors from" in caught.value.hint
    assert "timm/vit_large_patch16_dinov3.lvd1689m" in caught.value.hint


class AbsentError(EntryNotFoundError):
    """What the hub's client raises of a file that a repository does not have, without the response it wants."""

    def __init__(self) -> None:
        Exception.__init__(self, "404: no such file")


def test_a_repository_without_open_clips_file_is_asked_for_timms(files, monkeypatch):
    asked = []

    def download(repository: str, file: str) -> str:
        asked.append((repository, file))
        if file == "model.safetensors":
            return str(files[DINO])
        raise AbsentError

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    monkeypatch.setattr("facefake.models.weights.why_offline", lambda: None)
    backbone = load_backbone(BackboneSpec(DINO, "hf-hub:nobody/small_dinov3.test"))
    assert [file for _, file in asked] == [
        "open_clip_model.safetensors",
        "open_clip_pytorch_model.bin",
        "model.safetensors",
    ]
    assert backbone.dim == 384
