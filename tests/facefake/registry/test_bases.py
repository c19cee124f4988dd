"""The backbone an entry names can be built, and sees what the entry says its authors' detector saw."""

from dataclasses import replace

import pytest
import torch

from facefake.models.backbone import load_backbone
from facefake.registry.entries import ENTRIES

MEANS = {
    "CLIP's mean": (0.48145466, 0.4578275, 0.40821073),
    "ImageNet's mean": (0.485, 0.456, 0.406),
    "mean and deviation 0.5": (0.5, 0.5, 0.5),
}


@pytest.fixture(scope="module")
def backbones():
    """One a spec, of the right shapes and without memory."""
    with torch.device("meta"):
        specs = {entry.backbone for entry in ENTRIES.values()}
        return {spec: load_backbone(replace(spec, weights="random:0")) for spec in specs}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))
def test_the_base_sees_what_the_entry_says(entry, backbones):
    backbone = backbones[entry.backbone]
    words = [words for words in MEANS if words in entry.preprocessing]
    assert [MEANS[each] for each in words] == [backbone.mean]
    assert ("bilinear" in entry.preprocessing) == (backbone.interpolation == "bilinear")
    assert backbone.image_size == 224
    assert backbone.dim == (1024 if entry.backbone.feature == "pooled" else 768)


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES.values() if entry.geometry.whole], ids=lambda e: e.name)
def test_whole_pictures_are_brought_to_the_side_the_base_sees(entry, backbones):
    assert entry.geometry.size == backbones[entry.backbone].image_size
