"""What a user may call a detector, and the file that is meant."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import facefake
from facefake.hub.cache import cache_dir, kept_file
from facefake.hub.resolve import detector_file, named
from facefake.models import load_detector
from facefake.models.file import read_card
from facefake.registry.entries import DEFAULT, ENTRIES
from facefake.registry.licences import accept
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from tests.facefake.cli.conftest import command
from tests.facefake.detectors import random_detector
from tests.facefake.hub.conftest import BASE
from tests.facefake.hub.hubs import COMMIT, no_network, place
from tests.facefake.importing.published import our_evidence, published_evidence


@pytest.mark.parametrize("given", ["a/b", "./a", "detector.safetensors", "model.onnx", Path("runs") / "detector"])
def test_a_path_stays_a_path_whether_it_exists_or_not(given, offline):
    assert detector_file(given) == Path(given)


def test_a_file_called_like_a_published_detector_is_that_file(tmp_path, monkeypatch, offline):
    monkeypatch.chdir(tmp_path)
    Path(DEFAULT).touch()
    assert named(DEFAULT) is None
    assert detector_file(DEFAULT) == Path(DEFAULT)
    Path(DEFAULT).unlink()
    Path(DEFAULT).mkdir()
    assert named(DEFAULT) is ENTRIES[DEFAULT]


def test_a_mistyped_name_is_met_with_the_nearest(offline):
    with pytest.raises(FacefakeError, match=f"Did you mean '{DEFAULT}'") as error:
        detector_file("gend-clip-l41")
    assert error.value.code == "detector_unknown"


def test_a_published_detector_answers_as_its_authors_network_does(hosted, offline):
    said = []
    assert detector_file(DEFAULT, say=said.append) == kept_file(DEFAULT)
    assert any("making the detector file" in sentence for sentence in said)
    detector = load_detector(kept_file(DEFAULT), device="cpu", precision="fp32")
    theirs = published_evidence(hosted.network)
    assert np.ptp(theirs) > 0.1
    np.testing.assert_allclose(our_evidence(detector), theirs, atol=1e-5)
    origin = detector.card.origin
    assert (origin.name, origin.revision, origin.sha256) == (DEFAULT, COMMIT, hosted.entry.sources[0].sha256)


def test_it_is_made_once(hosted, offline):
    first = detector_file(DEFAULT).stat().st_mtime_ns
    hosted.file.resolve().unlink()
    said = []
    assert detector_file(DEFAULT, say=said.append).stat().st_mtime_ns == first
    assert said == []


@pytest.mark.parametrize("change", ["geometry", "digest", "damage"])
def test_it_is_made_anew_where_the_kept_file_is_not_what_is_known_under_the_name(hosted, offline, monkeypatch, change):
    kept = detector_file(DEFAULT)
    entry = hosted.entry
    if change == "geometry":
        entry = replace(entry, geometry=CropGeometry(scale=1.5))
        monkeypatch.setitem(ENTRIES, DEFAULT, entry)
    elif change == "digest":
        kept.write_bytes(kept.read_bytes().replace(entry.sources[0].sha256.encode(), b"0" * 64))
    else:
        kept.write_bytes(kept.read_bytes()[:100])
    card = read_card(detector_file(DEFAULT))
    assert card.geometry == entry.geometry.to_dict()
    assert card.origin.sha256 == entry.sources[0].sha256


def test_none_is_the_default_and_that_is_said(hosted, offline):
    said = []
    assert detector_file(None, say=said.append) == kept_file(DEFAULT)
    assert f"detector: {DEFAULT}, the default" in said[0]


def test_python_takes_names_too(hosted, offline):
    by_name, by_default = facefake.load(DEFAULT, device="cpu"), facefake.load(device="cpu")
    assert by_name.facts() == by_default.facts()
    assert by_name.facts()["origin"]["name"] == DEFAULT


def test_a_licence_that_restricts_is_acknowledged_before_anything_is_fetched_and_even_if_it_is_here(
    hosted, monkeypatch
):
    detector_file(DEFAULT)
    entry = replace(hosted.entry, weights=replace(hosted.entry.weights, name="CC-BY-NC-4.0", commercial=False))
    monkeypatch.setitem(ENTRIES, DEFAULT, entry)
    with pytest.raises(FacefakeError) as error:
        detector_file(DEFAULT)
    assert error.value.code == "licence_not_accepted"
    accept(entry, cache_dir())
    assert detector_file(DEFAULT) == kept_file(DEFAULT)


def test_where_the_cache_cannot_be_written_the_error_names_the_variable_that_moves_it(hosted, offline, monkeypatch):
    monkeypatch.setenv("FACEFAKE_CACHE", str(hosted.file))  # a file, no folder
    with pytest.raises(FacefakeError) as error:
        detector_file(DEFAULT)
    assert error.value.code == "not_writable"
    assert "FACEFAKE_CACHE" in error.value.hint


def test_without_its_base_the_error_says_what_to_bring_and_where(hosted):
    (hosted.cache / f"models--{BASE.replace('/', '--')}" / "refs" / "main").unlink()
    with no_network(), pytest.raises(FacefakeError) as error:
        detector_file(DEFAULT)
    assert error.value.code == "weights_not_found"
    for words in ("open_clip_model.safetensors", BASE, f"--as {DEFAULT} --base FILE", f"fetch {DEFAULT} --to DIR"):
        assert words in error.value.hint
    assert not kept_file(DEFAULT).exists()


@pytest.mark.parametrize("revision", ["", "@main", f"@{COMMIT}"])
def test_a_pushed_detector_is_taken_from_its_repository(hosted, offline, tmp_path, revision):
    file = random_detector(tmp_path / "mine.safetensors")
    assert command("detectors", "push", file, "--to", tmp_path / "folder").returncode == 0
    for pushed in (tmp_path / "folder").iterdir():
        place(hosted.cache, "me/mine", pushed.name, pushed.read_bytes())
    detector = facefake.load(f"hf-hub:me/mine{revision}", device="cpu")
    assert detector.facts()["sha256"] == load_detector(file, device="cpu").facts()["sha256"]


@pytest.mark.parametrize(
    "given", ["hf-hub:", "hf-hub:mine", "hf-hub:a/b/c", "hf-hub:/mine", "hf-hub:my own/file", "hf-hub:a--b/c"]
)
def test_what_names_no_repository_is_refused(given, offline):
    with pytest.raises(FacefakeError) as error:
        detector_file(given)
    assert error.value.code == "usage"


def test_a_repository_that_is_not_here_needs_a_network(hosted):
    with no_network(), pytest.raises(FacefakeError, match="me/mine is not on this machine") as error:
        detector_file("hf-hub:me/mine")
    assert error.value.code == "download_failed"
    assert "https://huggingface.co/me/mine" in error.value.hint
