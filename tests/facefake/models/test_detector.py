from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, safe_open, save_file

from facefake.models import (
    BackboneSpec,
    DetectorCard,
    Network,
    Tuning,
    load_backbone,
    load_detector,
    save_detector,
    tuned_network,
)
from facefake.models.detector import describe_backbone
from facefake.models.file import read_card
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry

CROPS = [np.random.default_rng(seed).integers(0, 256, (30 + seed, 30 + seed, 3), np.uint8) for seed in range(9)]


def header(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return file.metadata()


def rewrite(path: Path, *, card: dict | None = None, tensors: dict[str, torch.Tensor] | None = None) -> None:
    """Write the detector file again with other contents."""
    metadata = header(path) if card is None else {"facefake": json.dumps(card)}
    save_file(load_file(path) if tensors is None else tensors, path, metadata)


def code_of(path: Path, **options) -> str:
    with pytest.raises(FacefakeError) as caught:
        load_detector(path, "cpu", **options)
    assert str(caught.value)
    assert caught.value.hint
    return caught.value.code


def test_scores_after_loading_are_those_before_saving(detector_file: Path, network: Network):
    preprocess = network.backbone.preprocess
    with torch.no_grad():
        logits = network(torch.stack([preprocess(crop) for crop in CROPS])).logits
    expected = logits.double().softmax(1)[:, 1].numpy()
    scores = load_detector(detector_file, "cpu").score(CROPS)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, expected, atol=1e-6)
    assert np.ptp(scores) > 1e-3  # the crops do differ to it


def test_a_file_holds_only_what_was_trained(detector_file: Path, network: Network):
    assert sorted(load_file(detector_file)) == sorted(n for n, p in network.named_parameters() if p.requires_grad)


def test_scores_do_not_depend_on_the_batch(detector_file: Path):
    detector = load_detector(detector_file, "cpu")
    together = detector.score(CROPS, batch_size=9)
    alone = np.concatenate([detector.score([crop]) for crop in CROPS])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(detector.score(CROPS[::-1], batch_size=4)[::-1], alone, atol=1e-6)


def test_no_crops_no_scores(detector_file: Path):
    assert load_detector(detector_file, "cpu").score([]).shape == (0,)


def test_bf16_is_near_fp32(detector_file: Path):
    precise = load_detector(detector_file, "cpu", precision="fp32")
    coarse = load_detector(detector_file, "cpu", precision="bf16")
    assert (precise.precision, coarse.precision) == ("fp32", "bf16")
    np.testing.assert_allclose(coarse.score(CROPS), precise.score(CROPS), atol=0.02)


def test_a_detector_of_vit_l_is_small(tmp_path: Path, card: DetectorCard):
    # ViT-L/14's LayerNorms and head, by their shapes: the file of the ln recipe without its 1.2 GB base
    tensors = {f"backbone.visual.n{i}.{part}": torch.zeros(1024) for i in range(50) for part in ("weight", "bias")}
    tensors |= {"head.linear.weight": torch.zeros(2, 1024), "head.linear.bias": torch.zeros(2)}
    save_file(tensors, tmp_path / "d.safetensors", {"facefake": card.model_dump_json()})
    assert (tmp_path / "d.safetensors").stat().st_size < 500_000


def test_geometry_of_other_crops_is_refused_and_named(detector_file: Path):
    detector = load_detector(detector_file, "cpu")
    detector.check_geometry(CropGeometry())
    with pytest.raises(FacefakeError, match=r"scale 1\.3 trained, 1\.0 given") as caught:
        detector.check_geometry(CropGeometry(scale=1.0))
    assert caught.value.code == "crop_mismatch"


def test_facts_are_json_and_identify_the_file(detector_file: Path):
    import hashlib

    facts = json.loads(json.dumps(load_detector(detector_file, "cpu").facts()))
    assert facts["name"] == "detector.safetensors"
    assert facts["sha256"] == hashlib.sha256(detector_file.read_bytes()).hexdigest()
    assert facts["backbone"]["name"] == "tiny-vit"
    assert facts["classes"] == ["real", "fake"]


def test_missing_file(tmp_path: Path):
    assert code_of(tmp_path / "none.safetensors") == "detector_not_found"
    assert code_of(tmp_path) == "detector_not_found"


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickle_is_refused_unopened_whatever_its_name(tmp_path: Path, protocol: int):
    path, fuse = tmp_path / "detector.safetensors", tmp_path / "ran"
    path.write_bytes(pickle.dumps(Bomb(fuse), protocol=protocol))
    assert code_of(path) == "detector_pickle"
    assert not fuse.exists()


def test_torch_save_is_refused_unopened(tmp_path: Path):
    torch.save({"a": torch.zeros(1)}, tmp_path / "detector.pt")
    assert code_of(tmp_path / "detector.pt") == "detector_pickle"


@pytest.mark.parametrize(
    "content", [b"", b"x", b"\x00" * 100, b"<html>", b"\xff" * 8 + b"{}", b"\x02" + b"\x00" * 7 + b"{}"]
)
def test_what_is_no_detector(tmp_path: Path, content: bytes):
    path = tmp_path / "detector.safetensors"
    path.write_bytes(content)
    assert code_of(path) == "detector_corrupt"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_truncated_file_is_corrupt_wherever_it_ends(detector_file: Path, data: st.DataObject):
    whole = detector_file.read_bytes()
    path = detector_file.with_name("cut.safetensors")
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    assert code_of(path) == "detector_corrupt"


def test_safetensors_of_another_program(tmp_path: Path):
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    assert code_of(tmp_path / "other.safetensors") == "detector_corrupt"


def test_unknown_format_version(detector_file: Path):
    card = json.loads(header(detector_file)["facefake"])
    rewrite(detector_file, card={**card, "format": 2})
    with pytest.raises(FacefakeError, match="version 2") as caught:
        read_card(detector_file)
    assert caught.value.code == "detector_corrupt"
    assert "Update" in caught.value.hint


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"threshold": 2.0},
        {"classes": ["fake", "real"]},
        {"strategy": "lora"},
        {"head": "mlp"},
        {"backbone": None},
    ],
)
def test_wrong_card(detector_file: Path, change: dict):
    card = json.loads(header(detector_file)["facefake"])
    rewrite(detector_file, card={**card, **change})
    assert code_of(detector_file) == "detector_corrupt"


def test_card_that_is_no_json(detector_file: Path):
    save_file(load_file(detector_file), detector_file, {"facefake": "{"})
    assert code_of(detector_file) == "detector_corrupt"


NAME = "backbone.visual.ln_pre.weight"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda tensors: tensors.pop(NAME),
        lambda tensors: tensors.update(extra=torch.zeros(1)),
        lambda tensors: tensors.update({NAME: torch.zeros(3)}),
        lambda tensors: tensors.update({NAME: tensors[NAME].half()}),
        lambda tensors: tensors[NAME].fill_(torch.nan),
        lambda tensors: tensors[NAME][:1].fill_(torch.inf),
    ],
    ids=["missing", "extra", "shape", "dtype", "nan", "inf"],
)
def test_wrong_tensors(detector_file: Path, spoil):
    tensors = load_file(detector_file)
    spoil(tensors)
    rewrite(detector_file, tensors=tensors)
    assert code_of(detector_file) == "detector_corrupt"


def test_another_base_is_refused(detector_file: Path):
    assert code_of(detector_file, backbone_weights="random:1") == "backbone_mismatch"


def test_another_picture_size_is_refused(detector_file: Path):
    card = json.loads(header(detector_file)["facefake"])
    card["backbone"]["image_size"] = 64
    rewrite(detector_file, card=card)
    assert code_of(detector_file) == "backbone_mismatch"


def test_the_cards_normalisation_is_used(detector_file: Path):
    scores = load_detector(detector_file, "cpu").score(CROPS)
    card = json.loads(header(detector_file)["facefake"])
    card["backbone"]["mean"] = [0.0, 0.0, 0.0]
    rewrite(detector_file, card=card)
    assert np.abs(load_detector(detector_file, "cpu").score(CROPS) - scores).max() > 1e-4


def test_weights_file_moved_together_with_the_detector_is_found(tmp_path: Path, card: DetectorCard):
    there = tmp_path / "there"
    there.mkdir()
    save_file(load_backbone(BackboneSpec("tiny-vit", "random:4")).visual.state_dict(), there / "clip.safetensors")
    network = tuned_network(load_backbone(BackboneSpec("tiny-vit", str(there / "clip.safetensors"))), Tuning()).network
    card = card.model_copy(update={"backbone": describe_backbone(network.backbone)})
    save_detector(there / "detector.safetensors", network, card)
    scores = load_detector(there / "detector.safetensors", "cpu").score(CROPS)

    shutil.move(there, tmp_path / "elsewhere")
    moved = tmp_path / "elsewhere" / "detector.safetensors"
    assert np.array_equal(load_detector(moved, "cpu").score(CROPS), scores)
    shutil.move(tmp_path / "elsewhere" / "clip.safetensors", tmp_path / "renamed.safetensors")
    assert code_of(moved) == "weights_not_found"
    named = load_detector(moved, "cpu", backbone_weights=str(tmp_path / "renamed.safetensors"))
    assert np.array_equal(named.score(CROPS), scores)


def test_unknown_device(detector_file: Path):
    with pytest.raises(FacefakeError) as caught:
        load_detector(detector_file, "abacus")
    assert caught.value.code == "device_unavailable"


def test_saving_makes_the_folder_and_leaves_no_scraps(tmp_path: Path, network: Network, card: DetectorCard):
    path = tmp_path / "new" / "run" / "detector.safetensors"
    for _ in range(2):
        save_detector(path, network, card)
    assert os.listdir(path.parent) == ["detector.safetensors"]
    assert read_card(path) == card


def test_saving_where_a_file_is_in_the_way(tmp_path: Path, network: Network, card: DetectorCard):
    (tmp_path / "run").touch()
    with pytest.raises(FacefakeError) as caught:
        save_detector(tmp_path / "run" / "detector.safetensors", network, card)
    assert caught.value.code == "not_writable"
