"""A small GenD in a local hub cache, under the real repository's name and the default detector's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from safetensors.torch import save
from torch import nn

from facefake.models import BackboneSpec
from facefake.registry.entries import DEFAULT, ENTRIES
from facefake.registry.entry import Entry, Hub
from tests.facefake.hub.hubs import no_network, place
from tests.facefake.importing import published

REPOSITORY, FILE = "yermandy/GenD_CLIP_L_14", "model.safetensors"
BASE = "somebody/small-clip"


@dataclass(frozen=True)
class Hosted:
    """A published detector in a hub cache: what is known of it, its network, its file, and the cache."""

    entry: Entry
    network: nn.Module
    file: Path
    cache: Path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, bytes, bytes]:
    """The authors' network, its published file, and its base's."""
    base = published.base_file(tmp_path_factory.mktemp("base"))
    network = published.gend(base)
    return network, save({name: each.contiguous() for name, each in network.state_dict().items()}), base.read_bytes()


@pytest.fixture
def hosted(made: tuple[nn.Module, bytes, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hosted:
    """The default detector is a small one, which lies in the hub's cache with its base; nothing is kept yet."""
    network, data, base = made
    cache = tmp_path / "hf"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setenv("FACEFAKE_CACHE", str(tmp_path / "facefake"))
    file = place(cache, REPOSITORY, FILE, data)
    place(cache, BASE, "open_clip_model.safetensors", base)
    entry = replace(
        ENTRIES[DEFAULT],
        sources=(Hub(REPOSITORY, FILE, file.parent.name, hashlib.sha256(data).hexdigest(), len(data)),),
        backbone=BackboneSpec(published.NAME, f"hf-hub:{BASE}"),
    )
    monkeypatch.setitem(ENTRIES, DEFAULT, entry)
    return Hosted(entry, network, file, cache)


@pytest.fixture
def offline():
    """No network, and a test that fails if it was asked for."""
    with no_network() as asked:
        yield
    assert asked == []
