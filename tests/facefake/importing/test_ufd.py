from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.facefake.importing.openai_clip import OpenAIClip
from tests.facefake.importing.picture_forms import answers, imported, log_odds, refusal, save_base
from tests.facefake.importing.picture_models import Prompted, UniversalFakeDetect

NAME = "ufd-clip-l14"


@pytest.fixture(scope="module")
def clip() -> OpenAIClip:
    return OpenAIClip()


@pytest.fixture(scope="module")
def base(clip: OpenAIClip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_base(clip, tmp_path_factory.mktemp("base") / "base.safetensors")


def saved(state: dict[str, torch.Tensor], folder: Path) -> Path:
    torch.save(state, folder / "fc_weights.pth")
    return folder / "fc_weights.pth"


def test_the_one_logit_is_that_of_fake_over_real(clip: OpenAIClip, base: Path, tmp_path: Path):
    torch.manual_seed(0)
    model, out = UniversalFakeDetect(clip), tmp_path / "out.safetensors"
    model.save(tmp_path / "fc_weights.pth")
    card = imported(tmp_path / "fc_weights.pth", NAME, base, out)
    expected = answers(model)[:, 0]
    torch.testing.assert_close(log_odds(out), expected, atol=1e-5, rtol=1e-5)
    assert (log_odds(out) + expected).abs().max() > 0.1  # its opposite would be far off
    assert (card.strategy, card.head, card.backbone.feature) == ("linear", "linear", "joint")
    assert out.stat().st_size < 10_000  # nothing of the base


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"weight": torch.zeros(1, 32)}, "bias is missing"),
        ({"weight": torch.zeros(2, 32), "bias": torch.zeros(2)}, "weight is (2, 32), not (1, 32)"),
        ({"weight": torch.zeros(1, 768), "bias": torch.zeros(1)}, "weight is (1, 768), not (1, 32)"),
        ({}, "weight is missing"),
    ],
)
def test_another_layer_is_told(state: dict[str, torch.Tensor], reason: str, base: Path, tmp_path: Path):
    error = refusal(saved(state, tmp_path), NAME, base)
    assert error.code == "import_mismatch"
    assert f"UniversalFakeDetect's linear probe: {reason}" in error.message


def test_another_detectors_file_is_told_for_what_it_is(clip: OpenAIClip, base: Path, tmp_path: Path):
    Prompted(clip).save(tmp_path / "model.pth.tar-2")
    error = refusal(tmp_path / "model.pth.tar-2", NAME, base)
    assert error.code == "import_mismatch"
    assert "It looks like" in error.message
    assert "prompt" in error.message


def test_values_that_are_no_numbers_are_damage(base: Path, tmp_path: Path):
    state = {"weight": torch.full((1, 32), torch.nan), "bias": torch.zeros(1)}
    assert refusal(saved(state, tmp_path), NAME, base).code == "import_damaged"
