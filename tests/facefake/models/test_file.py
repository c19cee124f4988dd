from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from facefake.api import rules_of
from facefake.models import DetectorCard, Network, load_detector, save_detector
from facefake.models.file import read_card, write_card
from facefake.scoring.calibration import Calibration, ErrorRates, FittedOn, Rate
from preprocessing.errors import FacefakeError

CALIBRATION = Calibration(
    "isotonic",
    {"scores": [0.1, 0.7], "probabilities": [0.05, 0.95]},
    FittedOn(("ffpp",), "val", 140, 700, 70, "a" * 64, "b" * 64),
    ErrorRates(0.5, Rate.of(3, 140), Rate.of(10, 700), 5),
)


@pytest.fixture
def calibrated(tmp_path: Path, detector_file: Path, card: DetectorCard) -> Path:
    """The detector file with a calibration in its card."""
    changed = card.model_copy(update={"calibration": CALIBRATION, "threshold": 0.4, "threshold_source": "eer"})
    write_card(detector_file, tmp_path / "calibrated.safetensors", changed)
    return tmp_path / "calibrated.safetensors"


def test_a_calibration_comes_back_from_the_file(calibrated: Path):
    card = read_card(calibrated)
    assert card.calibration == CALIBRATION
    detector = load_detector(calibrated, "cpu")
    rules = rules_of(detector)
    assert (rules.calibration, rules.threshold, rules.threshold_source) == (CALIBRATION, 0.4, "eer")


def test_results_tell_what_it_was_fitted_on(calibrated: Path):
    facts = json.loads(json.dumps(load_detector(calibrated, "cpu").facts(), allow_nan=False))
    assert facts["calibration"]["fitted_on"]["datasets"] == ["ffpp"]
    assert "parameters" not in facts["calibration"]


def tensor_bytes(path: Path) -> bytes:
    whole = path.read_bytes()
    return whole[8 + int.from_bytes(whole[:8], "little") :]


def test_tensors_are_the_same_bits(calibrated: Path, detector_file: Path):
    assert tensor_bytes(calibrated) == tensor_bytes(detector_file)
    before, after = load_file(detector_file), load_file(calibrated)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_bf16_tensors_survive(tmp_path: Path, card: DetectorCard):
    tensors = {"a": torch.arange(6, dtype=torch.bfloat16), "ü": torch.tensor([torch.inf, -0.0], dtype=torch.bfloat16)}
    metadata = {"facefake": card.model_dump_json(), "other": "kept"}
    save_file(tensors, tmp_path / "a.safetensors", metadata)
    write_card(tmp_path / "a.safetensors", tmp_path / "b.safetensors", card.model_copy(update={"threshold": 0.25}))
    assert read_card(tmp_path / "b.safetensors").threshold == 0.25
    again = load_file(tmp_path / "b.safetensors")
    assert all(torch.equal(tensors[name].view(torch.int16), again[name].view(torch.int16)) for name in tensors)
    assert tensor_bytes(tmp_path / "a.safetensors") == tensor_bytes(tmp_path / "b.safetensors")


def test_a_file_can_take_its_own_new_card(detector_file: Path, card: DetectorCard):
    write_card(detector_file, detector_file, card.model_copy(update={"threshold": 0.25}))
    assert load_detector(detector_file, "cpu").card.threshold == 0.25


def test_cards_of_before_calibration_load(detector_file: Path):
    values = json.loads(read_card(detector_file).model_dump_json())
    assert values["calibration"] is None
    values["selection"] = {"split": "val", "metric": "video_auc", "value": 0.9, "epoch": 3}  # had no data sets
    save_file(load_file(detector_file), detector_file, {"facefake": json.dumps(values)})
    card = load_detector(detector_file, "cpu").card
    assert card.calibration is None
    assert card.selection is not None
    assert card.selection.datasets == []


def test_a_calibration_that_is_none_makes_the_card_wrong(detector_file: Path):
    values = json.loads(read_card(detector_file).model_dump_json())
    values["calibration"] = {"method": "temperature", "parameters": {"temperature": -1.0}}
    save_file(load_file(detector_file), detector_file, {"facefake": json.dumps(values)})
    with pytest.raises(FacefakeError, match="wrong at calibration") as caught:
        read_card(detector_file)
    assert caught.value.code == "detector_corrupt"


def test_no_file_is_written_under_a_name_by_which_it_could_not_be_read(
    tmp_path: Path, detector_file: Path, card: DetectorCard, network: Network
):
    out = tmp_path / "out.onnx"
    with pytest.raises(FacefakeError, match=r"\.safetensors") as error:
        write_card(detector_file, out, card)
    assert error.value.code == "usage"
    with pytest.raises(FacefakeError, match=r"\.safetensors"):
        save_detector(out, network, card)
    assert not out.exists()


def test_what_is_no_detector_gets_no_card(tmp_path: Path, card: DetectorCard):
    (tmp_path / "a.safetensors").write_bytes(b"no")
    with pytest.raises(FacefakeError):
        write_card(tmp_path / "a.safetensors", tmp_path / "b.safetensors", card)
    assert not (tmp_path / "b.safetensors").exists()


def test_cards_are_read_without_torch():
    code = "import sys, facefake.models.file; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
