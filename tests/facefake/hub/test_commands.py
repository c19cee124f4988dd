"""From nothing but a hub's cache to a verdict, as a user types it."""

import json
import os
import shlex
import shutil
import subprocess
import sys

import pytest
from PIL import Image
from skimage.data import astronaut

from facefake.hub.cache import kept_file
from facefake.models import load_detector
from facefake.registry.entries import DEFAULT
from tests.facefake.cli.conftest import command
from tests.facefake.detectors import random_detector
from tests.facefake.hub.conftest import BASE
from tests.facefake.hub.hubs import no_network, place


@pytest.fixture
def portrait(tmp_path):
    Image.fromarray(astronaut()).save(tmp_path / "portrait.png")
    return tmp_path / "portrait.png"


def test_score_without_a_detector_takes_the_default_one_and_says_so(hosted, offline, monkeypatch, portrait):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    done = command("score", portrait, "--workers", 1, "--device", "cpu", "--json", portrait.with_name("out.json"))
    assert done.returncode == 0
    assert f"detector: {DEFAULT}, the default" in done.stderr
    told = " ".join(done.stderr.split())
    assert f"note: {DEFAULT}, the default, has weights that others published, licence MIT" in told
    assert f"P(fake) of {DEFAULT} is not calibrated" in told
    document = json.loads(portrait.with_name("out.json").read_text())
    assert document["settings"]["default_detector"] == DEFAULT
    assert document["detector"]["name"] == f"{DEFAULT}.safetensors"
    assert document["detector"]["origin"]["sha256"] == hosted.entry.sources[0].sha256
    assert document["settings"]["recipe"]["geometry"] == hosted.entry.geometry.to_dict()
    assert document["results"][0]["status"] == "scored"


def test_nothing_is_fetched_for_detectors_that_do_not_go_together(hosted, offline, portrait):
    for options in (("--path", "image"), ("--detector", DEFAULT, "--detector", DEFAULT)):
        assert command("score", portrait, *options).returncode == 2
    assert not kept_file(DEFAULT).exists()


def test_fetch_keeps_a_detector_or_packs_it_and_prints_what_a_shell_takes(hosted, offline, tmp_path):
    assert command("detectors", "fetch", DEFAULT).returncode == 0
    assert kept_file(DEFAULT).is_file()
    done = command("detectors", "fetch", DEFAULT, "--to", tmp_path / "my stick")
    packed = tmp_path / "my stick" / f"{DEFAULT}.safetensors"
    assert shlex.split(done.stdout.splitlines()[-1])[-1] == str(packed)
    assert packed.read_bytes() == kept_file(DEFAULT).read_bytes()


def test_verify_prints_a_line_a_check_and_fails_where_one_does(hosted, offline, tmp_path):
    done = command("detectors", "verify", DEFAULT)
    assert (done.returncode, [line.split()[0] for line in done.stdout.splitlines()]) == (0, ["ok"] * 4)
    (tmp_path / "crops").mkdir()
    (tmp_path / "crops" / "notes.txt").write_text("no picture")
    assert command("detectors", "verify", DEFAULT, "--crops", tmp_path / "crops").returncode == 2
    Image.fromarray(astronaut()[:200, 100:300]).save(tmp_path / "crops" / "a.png")
    assert "answers on 1 pictures" in command("detectors", "verify", DEFAULT, "--crops", tmp_path / "crops").stdout

    kept = kept_file(DEFAULT)
    data = bytearray(kept.read_bytes())
    data[-3] ^= 1
    kept.write_bytes(data)
    done = command("detectors", "verify", DEFAULT)
    assert (done.returncode, "FAILED detector file" in done.stdout) == (1, True)


def test_evaluate_and_calibrate_take_a_name_and_know_mistyped_ones(hosted, offline, tmp_path):
    for typed in (
        ("evaluate", "cross-dataset", "--detector", "gend-clip", "--data", tmp_path),
        ("score", tmp_path, "--detector", "gend-clip"),
        ("detectors", "fetch", "gend-clip"),
        ("detectors", "verify", "gend-clip"),
    ):
        done = command(*typed)
        assert done.returncode == 2
        assert "detector_unknown" in done.stderr
        assert "gend-clip-l14" in done.stderr


def test_a_file_that_was_brought_without_its_base_says_which_to_bring_and_how_to_name_it(hosted, tmp_path):
    shutil.rmtree(hosted.cache / f"models--{BASE.replace('/', '--')}")
    with no_network():
        done = command("detectors", "import", hosted.file, "--as", DEFAULT)
    assert (done.returncode, kept_file(DEFAULT).exists()) == (2, False)
    assert "bring open_clip_model.safetensors" in done.stderr
    assert f"from https://huggingface.co/{BASE}" in done.stderr
    assert f"--as {DEFAULT} --base FILE" in done.stderr


def test_the_hubs_own_settings_hold_in_a_process_of_its_own(tmp_path):
    file = random_detector(tmp_path / "detector.safetensors")
    place(tmp_path / "home" / "hub", "me/mine", "detector.safetensors", file.read_bytes())
    code = "import facefake; print(facefake.load('hf-hub:me/mine', device='cpu').facts()['sha256'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"},
    )
    assert done.stdout.strip() == load_detector(file, device="cpu").facts()["sha256"], done.stderr
