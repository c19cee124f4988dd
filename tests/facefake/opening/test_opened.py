from __future__ import annotations

import argparse
import enum
import hashlib
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from facefake.models.tower import check_name, random_model
from facefake.opening.looks import looks_like
from facefake.opening.opened import open_published
from preprocessing.errors import FacefakeError


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {"tower.weight": torch.randn(3, 4), "tower.bias": torch.randn(3).half(), "head.steps": torch.tensor(7)}


def saved(content: object, path: Path, **options: bool) -> Path:
    torch.save(content, path, **options)
    return path


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"state_dict": x, "epoch": 3}, lambda x: {"model": x}])
def test_a_pickle_of_torch_by_its_tensors_names(tmp_path: Path, state, zipped: bool, prefix: str, wrap):
    content = wrap({prefix + name: tensor for name, tensor in state.items()})
    path = saved(content, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    opened = open_published(path)
    assert_same(opened.tensors, state)
    assert opened.kind == "pickle"
    assert opened.values == ({"epoch": 3} if "epoch" in content else {})
    assert opened.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_nested_tables_become_dotted_names(tmp_path: Path, state):
    tower = {"weight": state["tower.weight"], "bias": state["tower.bias"]}
    path = saved({"tower": tower, "head": {"steps": state["head.steps"]}}, tmp_path / "w.pth")
    assert_same(open_published(path).tensors, state)


def test_safetensors_by_content_whatever_its_name(tmp_path: Path, state):
    path = tmp_path / "w.ckpt"
    save_file(state, path, metadata={"format": "pt"})
    opened = open_published(path)
    assert opened.kind == "safetensors"
    assert opened.values == {"format": "pt"}
    assert set(opened.tensors) == set(state)
    assert all(torch.equal(opened.tensors[name], state[name]) for name in state)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_is_called_safetensors_is_refused_and_opens_under_the_name_that_is_hinted_at(
    tmp_path: Path, state, zipped: bool
):
    path = saved(state, tmp_path / "w.safetensors", _use_new_zipfile_serialization=zipped)
    with pytest.raises(FacefakeError) as error:
        open_published(path)
    assert error.value.code == "import_mismatch"
    assert "w.pth" in error.value.hint
    assert_same(open_published(path.rename(tmp_path / "w.pth")).tensors, state)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("make", ["trace", "script"])
def test_torchscript_holds_the_modules_state(tmp_path: Path, dtype: torch.dtype, make: str):
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(4)
            self.linear = nn.Linear(4, 4)
            self.linear.weight.data = torch.randn(4, 4).T  # strides that are not a row's
            self.register_buffer("positions", torch.arange(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.linear(self.norm(x))

    module = nn.Sequential(Block(), Block()).to(dtype).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch would rather have torch.export
        whole = torch.jit.trace(module, torch.zeros(1, 4, dtype=dtype)) if make == "trace" else torch.jit.script(module)
        whole.save(str(tmp_path / "w.pt"))
    opened = open_published(tmp_path / "w.pt")
    assert opened.kind == "torchscript"
    expected = module.state_dict()
    assert set(opened.tensors) == set(expected)
    for name, tensor in expected.items():
        assert opened.tensors[name].dtype == tensor.dtype
        assert torch.equal(opened.tensors[name], tensor)


@pytest.fixture
def authors_config(monkeypatch: pytest.MonkeyPatch) -> type[enum.Enum]:
    """An enum of the module ``src.config``, of which only the authors have a copy."""
    module = types.ModuleType("src.config")
    module.Loss = enum.Enum("Loss", {"CE": "cross-entropy"}, module="src.config", qualname="Loss")
    monkeypatch.setitem(sys.modules, "src", types.ModuleType("src"))
    monkeypatch.setitem(sys.modules, "src.config", module)
    return module.Loss


def test_objects_of_training_become_the_plain_values_they_hold(tmp_path: Path, state, authors_config, monkeypatch):
    model = nn.Linear(2, 2)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 5)
    content = {
        "state_dict": state,
        "hyper_parameters": {"loss": authors_config.CE, "layers": [1, 2], "root": tmp_path, "deep": {"none": None}},
        "epoch": np.int64(4),
        "val_result": np.float64(0.75),
        "opt": argparse.Namespace(arch="CLIP:ViT-L/14", lr=0.1),
        "optimizer": optimiser.state_dict(),
        "scheduler": {"successor": schedule, "last_epoch": 1},
    }
    path = saved(content, tmp_path / "w.ckpt")
    monkeypatch.delitem(sys.modules, "src.config")
    opened = open_published(path)
    assert_same(opened.tensors, state)
    assert opened.values["hyper_parameters"] == {
        "loss": "cross-entropy",
        "layers": [1, 2],
        "root": None,
        "deep": {"none": None},
    }
    assert (opened.values["epoch"], opened.values["val_result"]) == (4, 0.75)
    assert opened.values["opt"] == {"arch": "CLIP:ViT-L/14", "lr": 0.1}
    assert opened.values["scheduler"]["successor"]["T_max"] == 5
    assert opened.values["scheduler"]["last_epoch"] == 1


def test_a_checkpoint_of_lightning_with_attribute_dictionaries(tmp_path: Path, state):
    from lightning.fabric.utilities.data import AttributeDict

    path = saved({"state_dict": state, "hyper_parameters": AttributeDict(lr=0.1)}, tmp_path / "w.ckpt")
    opened = open_published(path)
    assert_same(opened.tensors, state)
    assert opened.values == {"hyper_parameters": {"lr": 0.1}}


def test_looks_like_names_what_it_is():
    from transformers import CLIPVisionConfig, CLIPVisionModel

    check_name("tiny-vit")  # one of configs/backbones
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2}
    vision = CLIPVisionModel(CLIPVisionConfig(**small)).state_dict()
    head = {"model.linear.weight": torch.zeros(2, 16)}
    expected = {
        "a CLIP vision model as transformers names it (width 16, 3 layers) with a head of 2 classes": vision | head,
        "a whole CLIP as OpenAI names it (width 64, 2 layers)": random_model("tiny-vit", 0).state_dict(),
        "one linear layer from 768 values to 1": {"weight": torch.zeros(1, 768), "bias": torch.zeros(1)},
        "a prompt learner as CoOp keeps it": {"ctx": torch.zeros(2), "token_prefix": torch.zeros(1)},
        "4 tensors, e.g. a (1), b (1), c (1)": {name: torch.zeros(1) for name in "abcd"},
        "no tensors": {},
    }
    for words, tensors in expected.items():
        assert looks_like(tensors) == words


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "import_damaged", "zero bytes"),
        (b"<!DOCTYPE html><title>Google Drive - Virus scan warning", "import_mismatch", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "import_mismatch", "pointer of Git LFS"),
        (b"GIF89a" + bytes(100), "import_mismatch", "neither"),
    ],
)
def test_what_downloads_end_in_is_told_by_name(tmp_path: Path, content: bytes, code: str, words: str):
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(FacefakeError, match=words) as caught:
        open_published(tmp_path / "w.pth")
    assert caught.value.code == code


def test_a_zip_of_other_files_says_to_unpack_it(tmp_path: Path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "weights.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights/prompt/model.pth.tar-2", b"x" * 1000)
    with pytest.raises(FacefakeError, match=r"model\.pth\.tar-2") as caught:
        open_published(tmp_path / "weights.zip")
    assert caught.value.code == "import_mismatch"


def test_no_file_and_no_regular_file(tmp_path: Path):
    for path, code in ((tmp_path / "none", "not_found"), (tmp_path, "not_a_file")):
        with pytest.raises(FacefakeError) as caught:
            open_published(path)
        assert caught.value.code == code
