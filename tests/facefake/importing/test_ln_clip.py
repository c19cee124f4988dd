"""The first paper's LN-tuned CLIP from its two published forms, against transformers' CLIP tuned with peft."""

from __future__ import annotations

import enum
import sys
import types

import numpy as np
import pytest
import torch

from facefake.importing.convert import convert
from facefake.models import load_detector
from preprocessing.errors import FacefakeError
from tests.facefake.importing import published

pytestmark = [
    pytest.mark.filterwarnings("ignore:Unsupported layer type:UserWarning"),  # peft, of a LayerNorm
    pytest.mark.filterwarnings("ignore:.*deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]


@pytest.fixture(scope="module")
def network(base):
    torch.manual_seed(2)
    return published.ln_clip(base)


@pytest.fixture
def head_kind(monkeypatch):
    """The enum of the authors' ``src.config``, which their checkpoints may name."""
    kind = enum.Enum("Head", {"Linear": "linear", "LinearNorm": "LinearNorm"}, type=str, module="src.config")
    monkeypatch.setitem(sys.modules, "src", types.ModuleType("src"))
    monkeypatch.setitem(sys.modules, "src.config", types.ModuleType("src.config"))
    monkeypatch.setattr(sys.modules["src.config"], "Head", kind, raising=False)
    return kind


def traced(network, path):
    with torch.no_grad():
        torch.jit.trace(network, torch.zeros(1, 3, 32, 32, dtype=next(network.parameters()).dtype)).save(str(path))
    return path


def imported(file, base):
    out = file.with_name("detector.safetensors")
    convert(file, published.entry("ln-clip", base), out)
    return load_detector(out, "cpu", precision="fp32")


def same(ours, network, atol=1e-5):
    theirs = published.published_evidence(network)
    assert np.ptp(theirs) > 0.1
    np.testing.assert_allclose(published.our_evidence(ours), theirs, atol=atol, rtol=0)


def test_the_checkpoint_answers_as_published(network, base, tmp_path):
    torch.save(published.lightning(network), tmp_path / "model.ckpt")
    same(imported(tmp_path / "model.ckpt", base), network)


def test_a_checkpoint_with_the_authors_enums_answers_as_published(network, base, tmp_path, head_kind, monkeypatch):
    torch.save(published.lightning(network, head=head_kind.LinearNorm), tmp_path / "model.ckpt")
    monkeypatch.undo()  # their code is not there when the file is opened
    assert "src.config" not in sys.modules
    same(imported(tmp_path / "model.ckpt", base), network)


def test_the_traced_network_answers_as_published(network, base, tmp_path):
    same(imported(traced(network, tmp_path / "model.torchscript"), base), network)


class _Held(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, pictures):
        return self.network(pictures).softmax(1)


def test_a_traced_network_within_another_module_and_without_peft_answers_as_published(network, base, tmp_path):
    torch.manual_seed(2)
    merged = published.ln_clip(base)
    merged.load_state_dict(network.state_dict())
    merged.feature_extractor = merged.feature_extractor.merge_and_unload()
    same(imported(traced(_Held(merged), tmp_path / "model.torchscript"), base), network)


def test_bfloat16_is_read_and_its_rounding_is_told(network, base, tmp_path):
    torch.manual_seed(2)
    coarse = published.ln_clip(base)
    coarse.load_state_dict(network.state_dict())
    coarse.bfloat16()
    ours = imported(traced(coarse, tmp_path / "model.torchscript"), base)
    assert 0 < ours.card.origin.base_deviation < 2**-8
    same(ours, network, atol=0.1)


def test_another_head_than_the_paper_s_is_refused(network, base, tmp_path):
    torch.save(published.lightning(network, head="linear"), tmp_path / "model.ckpt")
    with pytest.raises(FacefakeError, match="its head is 'linear'") as caught:
        imported(tmp_path / "model.ckpt", base)
    assert caught.value.code == "import_mismatch"


def test_gend_is_not_taken_for_it(base, tmp_path):
    torch.save(published.lightning(published.gend(base)), tmp_path / "model.ckpt")
    with pytest.raises(FacefakeError, match="tuned with peft") as caught:
        imported(tmp_path / "model.ckpt", base)
    assert caught.value.code == "import_mismatch"


def test_layernorms_that_peft_has_swapped_are_refused(base, tmp_path):
    """peft merges by letting tuned and untuned change places, after which nothing would be tuned."""
    network = published.ln_clip(base)
    network.feature_extractor.merge_adapter()
    torch.save(published.lightning(network), tmp_path / "model.ckpt")
    with pytest.raises(FacefakeError, match="nothing of it was tuned") as caught:
        imported(tmp_path / "model.ckpt", base)
    assert caught.value.code == "import_mismatch"
