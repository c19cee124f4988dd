from __future__ import annotations

import logging
import pickle
from pathlib import Path

import open_clip
import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from facefake.models import Backbone, BackboneSpec, load_backbone
from facefake.models.backbone import DEFAULT, find_weights
from preprocessing.errors import FacefakeError

TINY = BackboneSpec("tiny-vit", "random:0")
FEATURES = ("pooled", "joint")
HALF = (0.5, 0.5, 0.5)


def reference_feature(visual: torch.nn.Module, pictures: torch.Tensor) -> torch.Tensor:
    """CLIP's visual transformer up to ``ln_post`` on the class token, written out on the weights."""
    x = F.conv2d(pictures, visual.conv1.weight, stride=visual.patch_size).flatten(2).transpose(1, 2)
    x = torch.cat([visual.class_embedding.expand(len(x), 1, -1), x], dim=1) + visual.positional_embedding

    def norm(layer: torch.nn.LayerNorm, values: torch.Tensor) -> torch.Tensor:
        centred = values - values.mean(-1, keepdim=True)
        return centred / (values.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt() * layer.weight + layer.bias

    x = norm(visual.ln_pre, x)
    for block in visual.transformer.resblocks:
        heads, (n, tokens, width) = block.attn.num_heads, x.shape
        qkv = norm(block.ln_1, x) @ block.attn.in_proj_weight.T + block.attn.in_proj_bias
        q, k, v = qkv.view(n, tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        attention = (q @ k.transpose(-1, -2) / (width // heads) ** 0.5).softmax(-1) @ v
        x = x + block.attn.out_proj(attention.transpose(1, 2).reshape(n, tokens, width))
        hidden = block.mlp.c_fc(norm(block.ln_2, x))
        x = x + block.mlp.c_proj(hidden * torch.sigmoid(1.702 * hidden))  # QuickGELU
    return norm(visual.ln_post, x[:, 0])


def test_feature_is_the_class_token_after_ln_post_before_projection():
    backbone = load_backbone(TINY)
    pictures = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        feature = backbone(pictures)
        expected = reference_feature(backbone.visual, pictures)
    assert feature.shape == (3, backbone.dim) == (3, 64)
    torch.testing.assert_close(feature, expected, atol=1e-6, rtol=0)


def test_the_joint_feature_is_clips_own_image_feature():
    backbone = load_backbone(BackboneSpec("tiny-vit", "random:0", "joint"))
    torch.manual_seed(0)
    clip = open_clip.create_model("tiny-vit")
    pictures = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        feature = backbone(pictures)
        torch.testing.assert_close(feature, clip.encode_image(pictures), atol=1e-6, rtol=0)
        pooled = load_backbone(TINY)(pictures)
    torch.testing.assert_close(feature, pooled @ clip.visual.proj, atol=1e-6, rtol=0)
    assert feature.shape == (3, backbone.dim) == (3, 32)


def test_the_digest_covers_the_projection_only_of_the_joint_feature(tmp_path: Path, whole_clip):
    other = {name: value + 1 if name == "visual.proj" else value for name, value in whole_clip.items()}
    save_file(whole_clip, tmp_path / "a.safetensors")
    save_file(other, tmp_path / "b.safetensors")

    def digest(file: str, feature: str) -> str:
        return load_backbone(BackboneSpec("tiny-vit", str(tmp_path / file), feature)).sha256

    pooled, joint = ([digest(file, each) for file in ("a.safetensors", "b.safetensors")] for each in FEATURES)
    assert pooled[0] == pooled[1]
    assert len({*pooled, *joint}) == 3


def test_the_digest_of_pooled_backbones_is_that_of_earlier_versions():
    assert load_backbone(TINY).sha256.startswith("b89a86a1e573b2a1da02007c1e03a9d9")


@pytest.mark.parametrize(
    ("name", "pooled", "joint"),
    [
        ("vit_medium_patch16_gap_256", 512, 512),
        ("ViT-B-16-SigLIP", 768, 768),
        ("RN50", None, 1024),
        ("convnext_base", 1024, 512),
    ],
)
def test_widths_of_other_towers(name: str, pooled: int | None, joint: int):
    def width(feature: str) -> int:
        with torch.device("meta"):
            visual = open_clip.create_model(name, device="meta", pretrained_text=False).visual
            return Backbone(visual, BackboneSpec(name, "none", feature), HALF, HALF).dim

    assert width("joint") == joint
    if pooled is None:
        with pytest.raises(FacefakeError, match="pooled"):
            width("pooled")
    else:
        assert width("pooled") == pooled


def test_random_weights_are_those_of_the_seed_and_leave_the_global_generator_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again, other = (load_backbone(BackboneSpec("tiny-vit", f"random:{seed}")) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert first.sha256 == again.sha256 != other.sha256
    assert len(first.sha256) == 64


def test_loading_leaves_logging_as_it_was():
    handlers, disabled = logging.getLogger().handlers[:], logging.root.manager.disable
    load_backbone(TINY)
    assert logging.getLogger().handlers == handlers
    assert logging.root.manager.disable == disabled


@pytest.fixture
def whole_clip() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return open_clip.create_model("tiny-vit").state_dict()


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("visual_only", [False, True])
def test_local_file_of_a_whole_clip_or_of_the_tower_alone(tmp_path: Path, whole_clip, suffix, visual_only):
    visual = {name.removeprefix("visual."): value for name, value in whole_clip.items() if name.startswith("visual.")}
    state = visual if visual_only else whole_clip
    path = tmp_path / f"clip{suffix}"
    if suffix == ".pt":
        torch.save(state, path)
    else:
        save_file(state, path)
    backbone = load_backbone(BackboneSpec("tiny-vit", str(path)))
    loaded = backbone.visual.state_dict()
    assert set(visual) - set(loaded) == {"proj"}
    assert all(torch.equal(loaded[name], visual[name]) for name in loaded)
    assert not any("text" in name or "token_embedding" in name for name in backbone.state_dict())


def test_half_precision_file_is_loaded_in_float32(tmp_path: Path, whole_clip):
    path = tmp_path / "half.safetensors"
    save_file({name: value.half() for name, value in whole_clip.items()}, path)
    backbone = load_backbone(BackboneSpec("tiny-vit", str(path)))
    assert {parameter.dtype for parameter in backbone.parameters()} == {torch.float32}


def test_digest_does_not_depend_on_where_the_weights_came_from(tmp_path: Path):
    backbone = load_backbone(TINY)
    save_file(backbone.visual.state_dict(), tmp_path / "tower.safetensors")
    assert load_backbone(BackboneSpec("tiny-vit", str(tmp_path / "tower.safetensors"))).sha256 == backbone.sha256


def test_digest_sees_a_single_changed_value(tmp_path: Path):
    backbone = load_backbone(TINY)
    state = {name: value.clone() for name, value in backbone.visual.state_dict().items()}
    state["ln_post.bias"][0] += 1e-6
    save_file(state, tmp_path / "tower.safetensors")
    assert load_backbone(BackboneSpec("tiny-vit", str(tmp_path / "tower.safetensors"))).sha256 != backbone.sha256


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_pickle_that_runs_code_is_refused_unrun(tmp_path: Path):
    weights, fuse = tmp_path / "evil.pt", tmp_path / "ran"
    weights.write_bytes(pickle.dumps({"visual.proj": Bomb(fuse)}))
    with pytest.raises(FacefakeError) as caught:
        load_backbone(BackboneSpec("tiny-vit", str(weights)))
    assert caught.value.code == "weights_invalid"
    assert not fuse.exists()


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"not weights"])
@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_damaged_weights_file(tmp_path: Path, content: bytes, suffix: str):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    with pytest.raises(FacefakeError) as caught:
        load_backbone(BackboneSpec("tiny-vit", str(path)))
    assert caught.value.code == "weights_invalid"


def test_weights_of_another_model(tmp_path: Path, whole_clip):
    del whole_clip["visual.ln_pre.weight"]
    save_file(whole_clip, tmp_path / "w.safetensors")
    with pytest.raises(FacefakeError, match=r"ln_pre\.weight") as caught:
        load_backbone(BackboneSpec("tiny-vit", str(tmp_path / "w.safetensors")))
    assert caught.value.code == "weights_invalid"


@pytest.mark.parametrize(
    ("name", "weights", "code", "says"),
    [
        ("ViT-L-14-quickglu", "openai", "backbone_unknown", "ViT-L-14-quickgelu"),
        ("RN50", "random:0", "backbone_unknown", "vision transformer"),
        ("tiny-vit", "openai", "weights_not_found", "random:SEED"),
        ("tiny-vit", "missing.safetensors", "weights_not_found", "backbone.weights"),
        ("tiny-vit", "random:x", "config_invalid", "random:0"),
        ("ViT-L-14", "openai", "config_invalid", "ViT-L-14-quickgelu"),
        ("hf-hub:someone/model", "openai", "config_invalid", "hub"),
    ],
)
def test_what_cannot_be_loaded_is_refused_with_a_hint(name: str, weights: str, code: str, says: str):
    with pytest.raises(FacefakeError) as caught:
        load_backbone(BackboneSpec(name, weights))
    assert caught.value.code == code
    assert says in caught.value.hint


def test_published_weights_without_a_network_fail_at_once_and_name_the_file_to_bring(monkeypatch, tmp_path: Path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    with pytest.raises(FacefakeError) as caught:
        load_backbone(DEFAULT)
    assert caught.value.code == "weights_not_found"
    assert "timm/vit_large_patch14_clip_224.openai" in caught.value.hint
    assert "open_clip_model.safetensors" in caught.value.hint


def test_find_weights_asks_no_network(tmp_path: Path):
    (tmp_path / "w.safetensors").touch()
    assert find_weights(BackboneSpec("tiny-vit", str(tmp_path / "w.safetensors"))) == tmp_path / "w.safetensors"
    assert find_weights(BackboneSpec("tiny-vit", str(tmp_path / "v.safetensors"))) is None
    assert find_weights(BackboneSpec("tiny-vit", "random:0")) is None


def test_openais_own_archive_serves_as_it_is(tmp_path: Path, whole_clip):
    class Released(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            nest(self, {name: value.half() for name, value in whole_clip.items()})
            self.register_buffer("input_resolution", torch.tensor(32))

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return pictures

    with pytest.warns(FutureWarning):
        torch.jit.script(Released()).save(str(tmp_path / "ViT.pt"))
    backbone = load_backbone(BackboneSpec("tiny-vit", str(tmp_path / "ViT.pt")))
    loaded = backbone.visual.state_dict()
    assert all(torch.equal(value, whole_clip[f"visual.{name}"].half().float()) for name, value in loaded.items())


def nest(module: torch.nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Give a module parameters of these dotted names, on modules of their own."""
    for name, value in state.items():
        owner = module
        *path, last = name.split(".")
        for each in path:
            if not hasattr(owner, each):
                owner.add_module(each, torch.nn.Module())
            owner = getattr(owner, each)
        owner.register_parameter(last, torch.nn.Parameter(value))
