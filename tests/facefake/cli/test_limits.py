"""Messages of a file over a limit name the option that raises it, and the option does."""

import re
from dataclasses import asdict

import click
import numpy as np
import pytest
from PIL import Image

from facefake.cli.options import Process, process_options
from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.extract import extract_clip
from preprocessing.faces import CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.run import extract_clips
from preprocessing.store import FaceStore
from preprocessing.video import Limits, Sampling, open_video, read_still
from tests.clips import write_video
from tests.facefake.cli.conftest import command

OPTIONS = ("--max-seconds", "--max-frames", "--max-pixels", "--max-bytes")


def limits_of(*typed):
    """What a command with these options gets."""
    got = []

    @click.command()
    @process_options
    def probe(process: Process) -> None:
        got.append(process.limits)

    probe.main(list(typed), standalone_mode=False)
    return got[0]


def test_no_option_means_the_defaults():
    assert limits_of() == Limits() == Process.default().limits


def test_each_option_sets_its_limit():
    assert limits_of("--max-seconds", "90000") == Limits(seconds=90000)
    assert limits_of("--max-frames", "5") == Limits(frames=5)
    assert limits_of("--max-bytes", "7") == Limits(bytes=7)
    assert limits_of("--max-pixels", "200000000") == Limits(pixels=200_000_000, still_pixels=200_000_000)


@pytest.mark.parametrize("name", ["extract", "score", "evaluate", "train"])
def test_the_help_names_them_with_their_defaults(name):
    said = re.sub(r"\s+", "", command(name, "--help").stdout)
    assert all(option in said for option in OPTIONS)
    for default in asdict(Limits()).values():
        assert f"{default:.0f}" in said


@pytest.mark.parametrize(
    "limits", [Limits(seconds=0.5), Limits(frames=20), Limits(pixels=100), Limits(bytes=1000)], ids=OPTIONS
)
def test_the_hint_of_a_video_is_an_option_that_helps(tmp_path, limits):
    clip = write_video(tmp_path / "clip.mp4", 30)
    with pytest.raises(FacefakeError) as caught:
        open_video(clip, limits=limits)
    assert caught.value.code == "too_large"
    option, value = re.search(r"(--max-\w+) (\w+)", caught.value.hint).groups()
    assert option in OPTIONS
    with open_video(clip, limits=limits_of(option, "30" if value == "N" else value)) as reader:
        assert len(reader) == 30


def test_the_hint_of_an_image_is_an_option_that_helps_beyond_pillows_own_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # a fortieth of the picture; an error from twice as much
    path = tmp_path / "large.png"
    Image.fromarray(np.zeros((200, 200, 3), np.uint8)).save(path)
    with pytest.raises(FacefakeError) as caught:
        read_still(path, Limits(still_pixels=1000))
    assert "--max-pixels 40000" in caught.value.hint
    info, _ = read_still(path, limits_of("--max-pixels", "40000"))
    assert (info.width, info.height) == (200, 200)
    assert Image.MAX_IMAGE_PIXELS == 1000, "what others have set stays as it was"


def test_the_limits_reach_the_children_of_an_extraction(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", 10)
    clips = [Clip(clip, clip.name, "folder", "unknown", None, None, None, clip.stem)]
    recipe = Recipe.of_pictures(CropGeometry("resize-crop", 1, 32), Sampling("uniform", 2))
    assert extract_clip(clips[0], recipe).outcome == "ok"
    store = FaceStore.open_or_create(tmp_path / "store", recipe)
    assert extract_clips(clips, store, recipe, limits=Limits(frames=9)).outcomes == {"too_large": 1}
    again = extract_clips(clips, store, recipe, limits=Limits(frames=10), redo=["too_large"])
    assert again.outcomes == {"ok": 1}
