from __future__ import annotations

import json
from pathlib import Path

import open_clip
import pytest
import torch
from safetensors.torch import save_file

from facefake.models import BackboneSpec, load_backbone
from facefake.models.prompt import TextHead, prompt_head, template_head
from facefake.models.text import TextTower, load_text
from facefake.models.tuning import PromptSettings, TextSettings
from preprocessing.errors import FacefakeError

MAKES = ["tiny-clip", "tiny-timm", "tiny-custom"]
SENTENCES = ["a real photo.", "a picture that no camera ever took, in the style of a photograph."]


def tower(name: str = "tiny-clip") -> TextTower:
    return load_text(BackboneSpec(name, "random:0"))


def points(loaded: TextTower, sentences: list[str]) -> torch.Tensor:
    rows = loaded.rows([loaded.tokens(sentence) for sentence in sentences])
    return loaded(loaded.embed(rows), rows)


@pytest.mark.parametrize("name", MAKES)
def test_points_are_those_of_the_whole_model(name: str):
    torch.manual_seed(0)
    model = open_clip.create_model(name)
    expected = model.encode_text(open_clip.get_tokenizer(name)(SENTENCES))
    torch.testing.assert_close(points(tower(name), SENTENCES), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-custom"])
def test_cutting_after_the_last_end_changes_nothing_where_a_tower_looks_back_only(name: str):
    loaded = tower(name)
    rows = loaded.rows([loaded.tokens(sentence) for sentence in SENTENCES])
    whole = torch.zeros(2, loaded.text.context_length, dtype=torch.long)
    whole[:, : rows.shape[1]] = rows
    assert rows.shape[1] == len(loaded.tokens(SENTENCES[1])) + 2 < whole.shape[1]
    cut, uncut = loaded(loaded.embed(rows), rows), loaded(loaded.embed(whole), whole)
    torch.testing.assert_close(cut, uncut, atol=1e-6, rtol=0)


def test_a_tower_that_looks_both_ways_sees_the_whole_context():
    loaded = tower("tiny-timm")
    assert loaded.rows([[5], [6, 7]]).shape == (2, 40)


def test_rows_are_what_the_tokeniser_says():
    loaded = tower()
    rows = loaded.rows([loaded.tokens(sentence) for sentence in SENTENCES])
    assert torch.equal(rows, open_clip.get_tokenizer("tiny-clip")(SENTENCES)[:, : rows.shape[1]])


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return open_clip.create_model("tiny-clip").state_dict()


def custom_form(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    kept = ("visual.", "logit_scale")
    return {name if name.startswith(kept) else f"text.{name}": value for name, value in state.items()}


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("form", [dict, custom_form], ids=["CLIP", "CustomTextCLIP"])
def test_from_a_file_of_the_whole_model(tmp_path: Path, state, suffix: str, form):
    path = tmp_path / f"clip{suffix}"
    save_file(form(state), path) if suffix == ".safetensors" else torch.save(form(state), path)
    loaded = load_text(BackboneSpec("tiny-clip", str(path)))
    assert torch.equal(points(loaded, SENTENCES), points(tower(), SENTENCES))
    assert torch.equal(loaded.logit_scale, tower().logit_scale)


def test_a_half_precision_file_is_loaded_in_float32(tmp_path: Path, state):
    save_file({name: value.half() for name, value in state.items()}, tmp_path / "half.safetensors")
    loaded = load_text(BackboneSpec("tiny-clip", str(tmp_path / "half.safetensors")))
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: [state.pop(name) for name in list(state) if not name.startswith("visual.")],
        lambda state: state.pop("ln_final.weight"),
        lambda state: state.pop("logit_scale"),
        lambda state: state.update(text_projection=torch.zeros(3, 3)),
    ],
    ids=["visual only", "missing", "no scale", "shape"],
)
def test_a_file_without_this_text_tower(tmp_path: Path, state, spoil):
    spoil(state)
    save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(FacefakeError, match="text tower of tiny-clip") as caught:
        load_text(BackboneSpec("tiny-clip", str(tmp_path / "w.safetensors")))
    assert caught.value.code == "weights_invalid"


@pytest.mark.parametrize("name", ["ViT-B-16-SigLIP", "ViT-SO400M-14-SigLIP2", "xlm-roberta-base-ViT-B-32"])
def test_tokenisers_that_are_not_here_are_refused_without_asking_a_network(monkeypatch, name: str):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: pytest.fail("asked the network"))
    with pytest.raises(FacefakeError, match="tokeniser") as caught:
        load_text(BackboneSpec(name, "random:0"))
    assert caught.value.code == "backbone_unknown"


def test_a_tower_with_a_class_token_of_its_own_is_refused():
    with pytest.raises(FacefakeError, match="coca_ViT-B-32") as caught, torch.device("meta"):
        load_text(BackboneSpec("coca_ViT-B-32", "random:0"))
    assert caught.value.code == "backbone_unknown"


def test_a_toy_text_tower_is_refused():
    with pytest.raises(FacefakeError, match="toy") as caught:
        template_head(tower("tiny-vit"), TextSettings(template="{}"))
    assert caught.value.code == "config_invalid"


def test_a_prompt_that_is_too_long_is_refused_not_cut():
    loaded = tower()
    assert loaded.rows([[5] * 75]).shape == (1, 77)
    with pytest.raises(FacefakeError, match="78 tokens") as caught:
        loaded.rows([[5], [5] * 76])
    assert caught.value.code == "config_invalid"
    assert "prompt.context" in caught.value.hint


def test_context_that_starts_at_random_is_small_and_normal():
    torch.manual_seed(0)
    head = prompt_head(tower(), PromptSettings(context=60), TextSettings())
    assert isinstance(head, TextHead)
    context = head.get_parameter("prompt.context").detach()
    assert context.shape == (60, 32)
    assert float(context.std()) == pytest.approx(0.02, rel=0.1)
    assert abs(float(context.mean())) < 0.002


@pytest.mark.parametrize(
    "name",
    ["fake!", "AI-generated (2024)", "a fake\nphotograph", "it's"],
    ids=["mark", "brackets", "line", "apostrophe"],
)
def test_whatever_a_class_is_called_its_sentence_ends_in_a_stop(name: str):
    loaded = tower()
    head = prompt_head(loaded, PromptSettings(context=2), TextSettings(classes=("real", name)))
    row = head.rows[1].tolist()
    assert row[: row.index(49407) + 1][-2:] == [*loaded.tokens("."), 49407]
    assert row[3 : row.index(49407) - 1] == loaded.tokens(name)
    assert sorted(head.get_submodule("prompt").order[1].tolist()) == list(range(len(row)))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state) -> str:
    """A model on the hub that is in the cache already, where no network is."""
    snapshot = tmp_path / "models--someone--clip" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("0" * 40)
    save_file(state, snapshot / "open_clip_model.safetensors")
    mean_std = {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]}
    config = {"model_cfg": open_clip.get_model_config("tiny-clip"), "preprocess_cfg": mean_std}
    (snapshot / "open_clip_config.json").write_text(json.dumps(config))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return "hf-hub:someone/clip"


def test_both_towers_of_a_model_on_the_hub(hub: str):
    backbone = load_backbone(BackboneSpec(hub, "hub", "joint"))
    assert backbone.sha256 == load_backbone(BackboneSpec("tiny-clip", "random:0", "joint")).sha256
    assert (backbone.mean, backbone.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert torch.equal(points(load_text(backbone.spec), SENTENCES), points(tower(), SENTENCES))


def test_weights_on_the_hub_for_a_model_of_open_clip(hub: str):
    spec = BackboneSpec("tiny-clip", hub)
    assert load_backbone(spec).sha256 == load_backbone(BackboneSpec("tiny-clip", "random:0")).sha256
    assert torch.equal(points(load_text(spec), SENTENCES), points(tower(), SENTENCES))
