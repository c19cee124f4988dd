"""Effort from its published form, against transformers' CLIP with the residuals it describes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from facefake.importing.convert import convert
from facefake.models import load_detector
from preprocessing.errors import FacefakeError
from tests.facefake.importing import published


@pytest.fixture(scope="module")
def network(base):
    torch.manual_seed(3)
    return published.Effort(base).eval()


def imported(state, base, folder):
    torch.save(state, folder / "effort.pth")
    convert(folder / "effort.pth", published.entry("effort", base), folder / "detector.safetensors")
    return load_detector(folder / "detector.safetensors", "cpu", precision="fp32")


def same(ours, network):
    theirs = published.published_evidence(network)
    assert np.ptp(theirs) > 0.1
    np.testing.assert_allclose(published.our_evidence(ours), theirs, atol=1e-5, rtol=0)


def test_it_answers_as_published(network, base, tmp_path):
    same(imported(network.state_dict(), base, tmp_path), network)


def test_names_may_begin_with_module(network, base, tmp_path):
    same(imported({f"module.{name}": each for name, each in network.state_dict().items()}, base, tmp_path), network)


def test_residuals_of_several_components_answer_as_published(base, tmp_path):
    torch.manual_seed(4)
    network = published.Effort(base, count=3).eval()
    ours = imported(network.state_dict(), base, tmp_path)
    assert ours.card.lora.rank == 18
    same(ours, network)


def test_one_matrix_may_have_more_components_than_the_others(base, tmp_path):
    torch.manual_seed(5)
    network = published.Effort(base).eval()
    matrix = network.backbone.encoder.layers[1].self_attn.k_proj
    for name, more in (("U_residual", (64, 1)), ("S_residual", (1,)), ("V_residual", (1, 64))):
        parts = [getattr(matrix, name).detach(), 0.3 * torch.randn(more)]
        setattr(matrix, name, torch.nn.Parameter(torch.cat(parts, dim=1 if name == "U_residual" else 0)))
    same(imported(network.state_dict(), base, tmp_path), network)


def test_what_is_kept_is_a_low_rank_update_of_attention(network, base, tmp_path):
    card = imported(network.state_dict(), base, tmp_path).card
    assert (card.strategy, card.head, card.lora.rank, card.lora.alpha) == ("lora", "linear", 6, 6)
    assert card.lora.targets == ("attention",)
    assert card.origin.base_deviation < 1e-5
    held = load_file(tmp_path / "detector.safetensors")
    assert held["backbone.visual.transformer.resblocks.1.attn.in_proj_weight.lora_up"].shape == (192, 6)
    assert {name.rpartition(".")[2] for name in held} == {"lora_up", "lora_down", "weight", "bias"}
    assert sum("attn" in name for name in held) == 2 * 2 * 2  # two blocks, two matrices, up and down


def test_it_is_imported_to_the_same_bytes(network, base, tmp_path):
    imported(network.state_dict(), base, tmp_path)
    first = (tmp_path / "detector.safetensors").read_bytes()
    imported(network.state_dict(), base, tmp_path)
    assert (tmp_path / "detector.safetensors").read_bytes() == first


def test_a_matrix_that_differs_by_more_than_its_residual_is_of_another_base(network, base, tmp_path):
    state = dict(network.state_dict())
    name = "backbone.encoder.layers.1.self_attn.k_proj.weight_main"
    state[name] = state[name] + 0.01 * torch.randn(state[name].shape)
    with pytest.raises(FacefakeError, match=r"resblocks\.1\.attn\.in_proj_weight") as caught:
        imported(state, base, tmp_path)
    assert caught.value.code == "backbone_mismatch"


@pytest.mark.parametrize("gone", ["S_residual", "bias"])
def test_a_part_that_is_missing_is_named(network, base, tmp_path, gone):
    state = {
        name: each for name, each in network.state_dict().items() if not name.endswith(f"1.self_attn.q_proj.{gone}")
    }
    with pytest.raises(FacefakeError, match="missing") as caught:
        imported(state, base, tmp_path)
    assert caught.value.code == "import_mismatch"


def test_clip_without_residuals_is_refused(base, tmp_path):
    with pytest.raises(FacefakeError, match="no matrix with a tuned residual") as caught:
        imported(published.gend(base).state_dict(), base, tmp_path)
    assert caught.value.code == "import_mismatch"
