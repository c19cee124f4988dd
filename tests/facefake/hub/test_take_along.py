"""A detector and its base in a folder, used on a machine that has nothing else."""

import hashlib

import numpy as np
import pytest

from facefake.hub.resolve import detector_file
from facefake.hub.take_along import take_along
from facefake.models import load_detector
from preprocessing.errors import FacefakeError
from tests.facefake.importing.published import base_file, our_evidence


@pytest.fixture
def stick(hosted, tmp_path, monkeypatch):
    """The folder, and what the detector answered where it was made; then the machine is another."""
    kept = detector_file(None)
    files = take_along(hosted.entry, kept, tmp_path / "stick")
    expected = our_evidence(load_detector(kept, device="cpu"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("FACEFAKE_CACHE", str(tmp_path / "nothing"))
    return files, expected


def test_the_detector_answers_the_same_on_a_machine_without_a_network(stick, offline):
    files, expected = stick
    np.testing.assert_array_equal(our_evidence(load_detector(files[0], device="cpu")), expected)


def test_without_the_base_beside_it_it_would_not(stick, monkeypatch):
    files, _ = stick
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    files[1].unlink()
    with pytest.raises(FacefakeError) as error:
        load_detector(files[0], device="cpu")
    assert error.value.code == "weights_not_found"


def test_the_text_has_the_digests_and_where_all_is_from(stick, hosted):
    files, _ = stick
    text = files[2].read_text()
    for path in files[:2]:
        assert f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" in text
    for words in (hosted.entry.sources[0].sha256, hosted.entry.sources[0].revision, "huggingface.co/yermandy"):
        assert words in text


def test_detectors_on_one_base_share_it_and_another_base_is_refused(hosted, tmp_path):
    kept = detector_file(None)
    _, base, _ = take_along(hosted.entry, kept, tmp_path / "stick")
    written = base.stat().st_mtime_ns
    take_along(hosted.entry, kept, tmp_path / "stick")
    assert base.stat().st_mtime_ns == written

    (tmp_path / "full").mkdir()
    (tmp_path / "full" / base.name).write_bytes(base_file(tmp_path, seed=1).read_bytes())
    with pytest.raises(FacefakeError) as error:
        take_along(hosted.entry, kept, tmp_path / "full")
    assert error.value.code == "backbone_mismatch"
    assert not (tmp_path / "full" / kept.name).exists()
