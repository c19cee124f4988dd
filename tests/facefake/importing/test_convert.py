"""What all forms share: the base is checked, only what was tuned is kept, a wrong file is refused with its code."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from facefake.importing.convert import convert
from facefake.models import BackboneSpec, load_backbone, load_detector
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from tests.facefake.importing import published


@pytest.fixture(scope="module")
def state(base):
    torch.manual_seed(1)
    return dict(published.gend(base).state_dict())


@pytest.fixture
def file(state, tmp_path):
    return written(state, tmp_path)


def written(state, folder):
    path = folder / "model.safetensors"
    save_file({name: each.contiguous() for name, each in state.items()}, path)
    return path


def refused(file, entry, **options):
    """The error of a file, after which no detector file may be left."""
    out = file.with_name("detector.safetensors")
    with pytest.raises(FacefakeError) as caught:
        convert(file, entry, out, **options)
    assert sorted(file.parent.iterdir()) == [file]
    return caught.value


def test_the_card_tells_whose_weights_they_are(file, base):
    entry = published.entry("gend-clip", base)
    out = file.with_name("detector.safetensors")
    card = convert(file, entry, out, source="https://example.org/model", revision="abc")
    assert card == load_detector(out, "cpu").card
    assert card.origin.model_dump() == {
        "name": "small",
        "source": "https://example.org/model",
        "revision": "abc",
        "sha256": published.digest(file),
        "licence": "CC-BY-NC-4.0",
        "project": "https://example.org/project",
        "training_sets": ["ffpp"],
        "base_deviation": 0.0,
    }
    assert (card.strategy, card.head, card.face_detector) == ("ln", "hyperspherical", "scrfd")
    assert card.geometry == {"template": "gend", "scale": 1.3, "size": None}
    assert card.backbone.sha256 == load_backbone(entry.backbone).sha256


def test_the_card_tells_how_its_authors_cut(file, base):
    entry = replace(
        published.entry("gend-clip", base), geometry=CropGeometry("arcface", 1.2, 112), face_detector="dlib-81"
    )
    card = convert(file, entry, file.with_name("detector.safetensors"))
    assert card.geometry == {"template": "arcface", "scale": 1.2, "size": 112}
    assert card.face_detector == "dlib-81"


def test_the_file_s_name_is_its_source_where_nothing_else_is_known(file, base):
    card = convert(file, published.entry("gend-clip", base), file.with_name("detector.safetensors"))
    assert (card.origin.source, card.origin.revision) == ("model.safetensors", None)


def test_the_base_may_be_named(file, base):
    entry = replace(published.entry("gend-clip", base), backbone=BackboneSpec(published.NAME, "elsewhere.safetensors"))
    assert refused(file, entry).code == "weights_not_found"
    card = convert(file, entry, file.with_name("detector.safetensors"), base_weights=str(base))
    assert card.backbone.weights == str(base)


def test_another_base_is_refused(file, base, tmp_path_factory):
    other = published.base_file(tmp_path_factory.mktemp("other"), seed=7)
    error = refused(file, published.entry("gend-clip", base), base_weights=str(other))
    assert error.code == "backbone_mismatch"


def test_one_value_tuned_that_should_not_be_is_enough(state, base, tmp_path):
    name = "feature_extractor.vision_model.encoder.layers.0.self_attn.k_proj.weight"
    changed = state[name].clone()
    changed[3, 4] += 0.02
    error = refused(written({**state, name: changed}, tmp_path), published.entry("gend-clip", base))
    assert error.code == "backbone_mismatch"
    assert "1 of" in error.message
    assert "transformer.resblocks.0.attn.in_proj_weight" in error.message


def test_a_base_that_went_through_float16_is_the_same_base(state, base, tmp_path):
    coarse = {name: each.half().float() for name, each in load_file(base).items()}
    save_file(coarse, tmp_path / "half.safetensors")
    out = tmp_path / "detector.safetensors"
    card = convert(
        written(state, tmp_path),
        published.entry("gend-clip", base),
        out,
        base_weights=str(tmp_path / "half.safetensors"),
    )
    assert 0 < card.origin.base_deviation < 2**-11


def test_a_file_in_float16_is_read(state, base, tmp_path):
    half = {name: each.half() for name, each in state.items()}
    out = tmp_path / "detector.safetensors"
    card = convert(written(half, tmp_path), published.entry("gend-clip", base), out)
    assert 0 < card.origin.base_deviation < 2**-11
    assert {each.dtype for each in load_file(out).values()} == {torch.float32}


@pytest.mark.parametrize(("part", "same"), [(0.9e-4, True), (1.1e-4, False)])
def test_a_base_may_differ_by_what_arithmetic_loses(state, base, tmp_path, part, same):
    """A value near zero has no rounding of its own: what is left is measured by the largest value of its tensor."""
    name = "feature_extractor.vision_model.encoder.layers.1.self_attn.out_proj.weight"
    changed = state[name].clone()
    changed.view(-1)[changed.abs().argmin()] += part * changed.abs().max()
    file = written({**state, name: changed}, tmp_path)
    if same:
        card = convert(file, published.entry("gend-clip", base), file.with_name("detector.safetensors"))
        assert card.origin.base_deviation == pytest.approx(part, rel=1e-2)
    else:
        assert refused(file, published.entry("gend-clip", base)).code == "backbone_mismatch"


@pytest.mark.parametrize("kept_in", [torch.float16, torch.bfloat16])
def test_a_base_tuned_by_more_than_its_rounding_is_another(state, base, tmp_path, kept_in):
    """A hundredth more in every value is within no format's rounding, however coarse the file is."""
    name = "feature_extractor.vision_model.encoder.layers.1.mlp.fc1.weight"
    file = written({key: each.to(kept_in) for key, each in state.items()}, tmp_path)
    out = file.with_name("detector.safetensors")
    assert convert(file, published.entry("gend-clip", base), out).origin.base_deviation < torch.finfo(kept_in).eps
    out.unlink()
    tuned = {key: each.to(kept_in) for key, each in {**state, name: 1.01 * state[name]}.items()}
    assert refused(written(tuned, tmp_path), published.entry("gend-clip", base)).code == "backbone_mismatch"


@pytest.mark.parametrize(
    "gone",
    [
        "model.linear.weight",
        "model.linear.bias",
        "feature_extractor.vision_model.pre_layrnorm.weight",
        "feature_extractor.vision_model.encoder.layers.1.self_attn.k_proj.bias",
        "feature_extractor.vision_model.embeddings.class_embedding",
        "feature_extractor.vision_model.embeddings.patch_embedding.weight",
    ],
)
def test_a_tensor_that_is_missing_is_a_mismatch(state, base, tmp_path, gone):
    file = written({name: each for name, each in state.items() if name != gone}, tmp_path)
    error = refused(file, published.entry("gend-clip", base))
    assert error.code == "import_mismatch"
    assert "It looks like" in error.message


def test_a_tower_of_another_size_is_a_mismatch(file, base):
    small = replace(published.entry("gend-clip", base), backbone=BackboneSpec("demo-vit", "random:0"))
    error = refused(file, small)
    assert error.code == "import_mismatch"
    assert "(2, 64), not (2, 128)" in error.message


def test_a_tensor_of_another_size_anywhere_is_a_mismatch(state, base, tmp_path):
    name = "feature_extractor.vision_model.encoder.layers.1.mlp.fc1.weight"
    file = written({**state, name: torch.zeros(8, published.DIM)}, tmp_path)
    error = refused(file, published.entry("gend-clip", base))
    assert error.code == "import_mismatch"
    assert "resblocks.1.mlp.c_fc.weight is (8, 64), not (256, 64)" in error.message


def test_an_untuned_value_that_is_not_finite_is_damage(state, base, tmp_path):
    name = "feature_extractor.vision_model.encoder.layers.1.mlp.fc1.weight"
    file = written({**state, name: torch.full_like(state[name], float("nan"))}, tmp_path)
    assert refused(file, published.entry("gend-clip", base)).code == "import_damaged"


def test_a_network_that_was_not_tuned_is_a_mismatch(base, tmp_path):
    untuned = published.Published(published.Encoder(published.vision_model(base)))
    error = refused(written(untuned.state_dict(), tmp_path), published.entry("gend-clip", base))
    assert error.code == "import_mismatch"
    assert "nothing of it was tuned" in error.message


def test_values_that_are_not_finite_are_damage(state, base, tmp_path):
    broken = {**state, "model.linear.bias": torch.tensor([0.0, float("nan")])}
    assert refused(written(broken, tmp_path), published.entry("gend-clip", base)).code == "import_damaged"


def test_a_file_that_is_cut_short_is_damage(file, base):
    file.write_bytes(file.read_bytes()[:-1000])
    assert refused(file, published.entry("gend-clip", base)).code == "import_damaged"


@pytest.mark.parametrize("form", ["ln-clip", "effort"])
def test_a_file_of_another_form_is_a_mismatch(file, base, form):
    assert refused(file, published.entry(form, base)).code == "import_mismatch"
