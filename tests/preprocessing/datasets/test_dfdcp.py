import json

import pytest

from preprocessing.datasets.base import strays
from preprocessing.datasets.dfdcp import READER
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees_video

REAL = "original_videos/1260311/1260311_C_001.mp4"
FAKE = "method_A/1260311/1260311_C/643049_1260311_C_001.mp4"


@pytest.fixture
def root(tmp_path):
    return trees_video.dfdcp(tmp_path)


def test_label_split_and_people_are_the_lists(root):
    clips = {clip.key: clip for clip in READER.read(root).clips}
    assert (clips[REAL].label, clips[REAL].split, clips[REAL].identities) == (0, "train", ("1260311",))
    assert (clips[FAKE].label, clips[FAKE].split, clips[FAKE].identities) == (1, "train", ("1260311", "643049"))


def test_the_test_set_is_the_lists(root):
    test = {clip.key for clip in READER.read(root).clips if clip.split == "test"}
    assert test == {key for key in trees_video.DFDCP if "1224068" in key}


def test_both_methods_are_paired_with_the_footage_they_show(root):
    clips = {clip.key: clip for clip in READER.read(root).clips}
    pair = clips[REAL].pair
    assert {clip.method for clip in clips.values() if clip.pair == pair} == {"original_videos", "method_A", "method_B"}


def test_a_file_the_list_does_not_name_is_no_clip(root):
    trees_video.touch(root, "method_A/1260311/1260311_C/1_1260311_C_009.mp4")
    found = READER.read(root)
    assert [path.name for path in strays(root, found)] == ["1_1260311_C_009.mp4"]


def test_a_listed_file_that_is_not_there_is_absent(root):
    (root / FAKE).unlink()
    found = READER.read(root)
    assert [(clip.key, clip.label, clip.split) for clip in found.absent] == [(FAKE, 1, "train")]
    assert FAKE not in {clip.key for clip in found.clips}


def test_a_videos_folder_above_the_people_is_accepted(root):
    # where the tree of the published self-blending code has it
    plain = [clip.key for clip in READER.read(root).clips]
    for folder in ("original_videos", "method_A", "method_B"):
        (root / folder).rename(root / "moved")
        (root / folder).mkdir()
        (root / "moved").rename(root / folder / "videos")
    found = READER.read(root)
    assert ([clip.key for clip in found.clips], found.absent) == (plain, [])


def test_the_folder_above_may_be_the_root_and_keys_stay(tmp_path):
    trees_video.dfdcp(tmp_path / "dfdc_preview_set")
    assert FAKE in {clip.key for clip in READER.read(tmp_path).clips}


@pytest.mark.parametrize(
    "entry",
    [
        {"label": "fake", "set": "train"},  # of a real video
        {"label": "REAL?", "set": "train"},
        {"label": "real", "set": "dev"},
        {"set": "train"},
    ],
)
def test_a_list_that_cannot_be_is_refused(root, entry):
    trees_video.write(root, "dataset.json", json.dumps({REAL: entry}))
    with pytest.raises(FacefakeError, match="1260311_C_001") as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


@pytest.mark.parametrize("text", ["", "[]", '{"a.mp4": 1}', "\x00"])
def test_a_broken_list_is_an_error_in_words(root, text):
    trees_video.write(root, "dataset.json", text)
    with pytest.raises(FacefakeError, match=r"dataset\.json") as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


def test_without_its_list_no_label_is_known(root):
    (root / "dataset.json").unlink()
    with pytest.raises(FacefakeError, match=r"dataset\.json") as caught:
        READER.read(root)
    assert caught.value.code == "dataset_not_found"
