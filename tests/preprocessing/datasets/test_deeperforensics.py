import shutil
from collections import Counter

import pytest

from preprocessing.datasets.deeperforensics import READER, VARIANTS
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees_video


@pytest.fixture
def root(tmp_path):
    return trees_video.deeperforensics(tmp_path)


@pytest.fixture
def clips(root):
    return {clip.key: clip for clip in READER.read(root).clips}


def test_the_eleven_variants_are_those_of_the_release():
    assert sorted(VARIANTS) == sorted(trees_video.VARIANTS)


def test_the_split_of_a_fake_is_the_lists_in_every_variant(clips):
    splits = {clip.path.stem: set() for clip in clips.values() if clip.label == 1}
    for clip in clips.values():
        if clip.label == 1:
            splits[clip.path.stem].add(clip.split)
    assert splits == {"000_M101": {"train"}, "071_M101": {"train"}, "100_W006": {"val"}, "980_W136": {"test"}}


def test_a_recording_is_in_the_one_split_of_its_actor(clips):
    reals = Counter((clip.identities, clip.split) for clip in clips.values() if clip.method == "source_videos")
    assert reals == {(("M101",), "train"): 2, (("W006",), "val"): 2, (("W136",), "test"): 2}


def test_all_variants_of_a_target_are_one_pair(clips):
    assert len([clip for clip in clips.values() if clip.pair == "000"]) == 11


def test_all_recordings_of_an_actor_are_one_pair(clips):
    pairs = Counter((clip.pair, *clip.identities) for clip in clips.values() if clip.label == 0)
    assert pairs == {("M101", "M101"): 3, ("W006", "W006"): 2, ("W136", "W136"): 2}


def test_people_are_the_target_and_the_actor(clips):
    assert clips["manipulated_videos/end_to_end/980_W136.mp4"].identities == ("980", "W136")


def test_extra_recordings_are_kept_apart(clips):
    assert [clip.path.name for clip in clips.values() if clip.method == "source_videos_extra"] == [
        "M101_BlendShape_extra_light_up_camera_front.mp4"
    ]


def test_a_listed_fake_is_absent_in_each_variant_that_lacks_it(root):
    (root / "manipulated_videos/end_to_end/980_W136.mp4").unlink()
    for path in (root / "manipulated_videos/reenact_postprocess").iterdir():
        path.unlink()
    absent = Counter(clip.method for clip in READER.read(root).absent)
    assert absent == {"end_to_end": 1, "reenact_postprocess": 4}


def test_without_the_lists_there_is_no_split_and_a_note(root):
    for split in ("train", "val", "test"):
        (root / f"lists/splits/{split}.txt").unlink()
    found = READER.read(root)
    assert {clip.split for clip in found.clips} == {None}
    assert {clip.label for clip in found.clips} == {0, 1}
    assert len([note for note in found.notes if "has no split" in note]) == 3


def test_where_there_are_recordings_a_note_tells_that_they_are_not_the_real_side_of_the_authors(root):
    (note,) = READER.read(root).notes
    assert "not the FaceForensics++ originals" in note
    shutil.rmtree(root / "source_videos")
    assert READER.read(root).notes == []


def test_a_list_that_is_no_text_is_refused(root):
    (root / "lists/splits/val.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FacefakeError, match=r"val\.txt") as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


def test_the_default_is_the_undistorted_variant_and_the_recordings():
    assert READER.methods == ("source_videos", "end_to_end")


def test_an_empty_list_is_said_and_gives_no_split(tmp_path):
    root = trees_video.deeperforensics(tmp_path)
    (root / "lists/splits/test.txt").write_text("")
    found = READER.read(root)
    assert {clip.split for clip in found.clips if "W136" in clip.key} == {None}
    assert any("test.txt is empty" in note for note in found.notes)
