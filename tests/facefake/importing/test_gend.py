"""GenD on CLIP from its published form, against the same network built of transformers' modules."""

from __future__ import annotations

import json
from math import prod

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPVisionConfig, CLIPVisionModel

from facefake.importing.convert import convert
from facefake.models import load_detector
from facefake.registry.entries import find
from tests.facefake.importing import published


@pytest.fixture(scope="module")
def network(base):
    torch.manual_seed(1)
    return published.gend(base)


def imported(tensors, base, folder):
    save_file({name: each.contiguous() for name, each in tensors.items()}, folder / "model.safetensors")
    convert(folder / "model.safetensors", published.entry("gend-clip", base), folder / "detector.safetensors")
    return load_detector(folder / "detector.safetensors", "cpu", precision="fp32")


def test_it_answers_as_published(network, base, tmp_path):
    ours, theirs = imported(network.state_dict(), base, tmp_path), published.published_evidence(network)
    assert np.ptp(theirs) > 0.1  # the pictures are told apart at all
    np.testing.assert_allclose(published.our_evidence(ours), theirs, atol=1e-5, rtol=0)


def test_a_head_the_other_way_round_answers_the_other_way_round(network, base, tmp_path):
    swapped = dict(network.state_dict())
    for name in ("model.linear.weight", "model.linear.bias"):
        swapped[name] = swapped[name].flip(0)
    ours = imported(swapped, base, tmp_path)
    np.testing.assert_allclose(published.our_evidence(ours), -published.published_evidence(network), atol=1e-5, rtol=0)


@pytest.mark.parametrize("levels", ["", "vision_model."], ids=["transformers 4", "one level more"])
def test_names_may_have_another_level(network, base, tmp_path, levels):
    state = {
        name.replace("vision_model.", "vision_model." + levels): each for name, each in network.state_dict().items()
    }
    ours = imported(state, base, tmp_path)
    np.testing.assert_allclose(published.our_evidence(ours), published.published_evidence(network), atol=1e-5, rtol=0)


def test_the_file_holds_layernorms_and_head_and_nothing_else(network, base, tmp_path):
    imported(network.state_dict(), base, tmp_path)
    held = load_file(tmp_path / "detector.safetensors")
    norms = {"ln_pre", "ln_post", "transformer.resblocks.0.ln_1", "transformer.resblocks.0.ln_2"}
    norms |= {"transformer.resblocks.1.ln_1", "transformer.resblocks.1.ln_2"}
    wanted = {f"backbone.visual.{name}.{part}" for name in norms for part in ("weight", "bias")}
    assert set(held) == wanted | {"head.linear.weight", "head.linear.bias"}
    assert torch.equal(held["head.linear.weight"], network.state_dict()["model.linear.weight"])


def test_the_names_and_shapes_read_here_are_those_of_a_file_of_the_published_size():
    """To the byte, so that not one name is longer or shorter than it is published."""
    sizes = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16}
    with torch.device("meta"):
        vision = CLIPVisionModel(CLIPVisionConfig(**sizes, image_size=224, patch_size=14)).state_dict()
    shapes = {f"feature_extractor.vision_model.{name}": list(each.shape) for name, each in vision.items()}
    shapes |= {"feature_extractor.visual_projection.weight": [768, 1024]}
    shapes |= {"model.linear.weight": [2, 1024], "model.linear.bias": [2]}
    assert file_size(shapes) == find("gend-clip-l14").sources[0].size


def file_size(shapes):
    """Bytes of a safetensors of float32, as transformers writes one."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in sorted(shapes.items()):
        start, end = end, end + 4 * prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    length = len(json.dumps(header, separators=(",", ":")))
    return 8 + length + -length % 8 + end
