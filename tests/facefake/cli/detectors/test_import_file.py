"""``facefake detectors import`` on a small published detector that the registry knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from facefake.hub.cache import kept_file
from facefake.hub.resolve import detector_file
from facefake.models import load_detector
from facefake.models.file import read_card
from facefake.registry.entries import ENTRIES
from facefake.registry.entry import Hub, Licence
from tests.facefake.cli.conftest import command
from tests.facefake.importing import published

FREE = Licence("MIT", "https://example.org/weights", commercial=True)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return published.base_file(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def network(base):
    torch.manual_seed(1)
    return published.gend(base)


@pytest.fixture
def file(network, tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({name: each.contiguous() for name, each in network.state_dict().items()}, path)
    return path


@pytest.fixture
def register(base, monkeypatch, tmp_path):
    """Makes the registry know the small detector, with other facts where they are given."""
    monkeypatch.setenv("FACEFAKE_CACHE", str(tmp_path / "cache"))
    entry = replace(published.entry("gend-clip", base), weights=FREE)

    def known(**facts):
        monkeypatch.setitem(ENTRIES, "small", replace(entry, **facts))

    known()
    return known


def refused(*words: object) -> str:
    done = command("detectors", "import", *words)
    assert done.returncode == 2
    return done.stderr


def test_the_detector_file_answers_as_published(register, file, network, tmp_path):
    out = tmp_path / "out" / "detector.safetensors"
    done = command("detectors", "import", file, "--as", "small", "--out", out)
    assert done.returncode == 0
    assert done.stdout == f"facefake score FILE --detector {out}\n"
    ours = published.our_evidence(load_detector(out, "cpu", precision="fp32"))
    np.testing.assert_allclose(ours, published.published_evidence(network), atol=1e-5, rtol=0)


def test_without_out_it_is_found_by_its_name(register, file):
    done = command("detectors", "import", file, "--as", "small")
    assert done.stdout == "facefake score FILE --detector small\n"
    assert detector_file("small") == kept_file("small")
    assert read_card(kept_file("small")).origin.source == "model.safetensors"


def test_the_published_file_is_known_by_its_digest(register, file):
    revision, digest = "1" * 40, published.digest(file)
    register(sources=(Hub("nobody/small", "model.safetensors", revision, digest),))
    done = command("detectors", "import", file, "--as", "small")
    assert "byte for byte" in done.stderr
    origin = read_card(kept_file("small")).origin
    assert (origin.source, origin.revision) == ("https://huggingface.co/nobody/small", revision)


def test_another_file_is_not_kept_under_a_published_name(register, file, tmp_path):
    register(sources=(Hub("nobody/small", "model.safetensors", "1" * 40, "0" * 64),))
    said = refused(file, "--as", "small")
    assert "digest_mismatch" in said
    assert "it looks like" in said
    assert not kept_file("small").exists()
    done = command("detectors", "import", file, "--as", "small", "--out", tmp_path / "mine.safetensors")
    assert done.returncode == 0
    assert published.digest(file) in done.stderr


def test_the_base_may_be_named(register, file, base, tmp_path):
    moved = Path(base).rename(Path(base).with_name("moved.safetensors"))
    try:
        assert "weights_not_found" in refused(file, "--as", "small")
        done = command("detectors", "import", file, "--as", "small", "--base", moved)
        assert done.returncode == 0
    finally:
        moved.rename(base)


def test_a_file_that_holds_nothing_of_its_base_is_said_to(register, file, base, tmp_path):
    unchecked = "whether this base is the right one is not checked"
    assert unchecked not in command("detectors", "import", file, "--as", "small").stderr
    register(strategy="full")  # all of the tower is the file's own
    assert unchecked not in command("detectors", "import", file, "--as", "small").stderr
    probe = tmp_path / "fc_weights.pth"
    torch.save({"weight": torch.ones(1, published.DIM), "bias": torch.zeros(1)}, probe)
    register(form="ufd", strategy="linear", head="linear")
    assert unchecked in command("detectors", "import", probe, "--as", "small").stderr


def test_a_published_file_that_is_cut_short_is_called_that(register, file):
    register(sources=(Hub("nobody/small", "model.safetensors", "1" * 40, published.digest(file)),))
    file.write_bytes(file.read_bytes()[:-1000])
    assert "import_damaged" in refused(file, "--as", "small")


def test_a_restricted_licence_comes_first(register, file):
    register(weights=replace(FREE, commercial=False))
    assert "licence_not_accepted" in refused(file, "--as", "small")
    assert not kept_file("small").exists()


def test_a_name_nobody_knows_is_refused(register, file):
    assert "detector_unknown" in refused(file, "--as", "smal")


def test_a_file_that_is_not_there_is_refused(register, tmp_path):
    assert "not_found" in refused(tmp_path / "gone.safetensors", "--as", "small")


def test_the_published_file_is_not_written_over(register, file):
    before = file.read_bytes()
    assert "usage" in refused(file, "--as", "small", "--out", file)
    assert file.read_bytes() == before
