import pytest

from preprocessing.datasets.base import strays
from preprocessing.datasets.frames import READER, SOURCES
from preprocessing.errors import FacefakeError
from preprocessing.releases.leaks import leaks
from tests.crops import state, write_crops
from tests.preprocessing.datasets import crop_trees


@pytest.fixture
def root(tmp_path):
    return crop_trees.frames(tmp_path)


def test_labels_come_from_a_table_of_sources_and_not_from_letters_in_them(root):
    labels = {clip.key: clip.label for clip in READER.read(root).clips}
    assert labels["FF/real/071"] == labels["CDFv2/YouTube-real/00170"] == 0
    assert labels["FF/DF/071_054"] == labels["CDFv2/Celeb-synthesis/id1_id0_0007"] == 1
    # the published code takes every source with "real" in its name for real footage
    write_crops(root / "datasets" / "CDFv3" / "Real3DPortrait" / "id1_0007")
    write_crops(root / "datasets" / "mine" / "unreal-engine" / "a")
    found = READER.read(root)
    assert {clip.key: clip.label for clip in found.clips}["CDFv3/Real3DPortrait/id1_0007"] == 1
    assert SOURCES["Real3DPortrait"] == 1
    assert "mine/unreal-engine is no source the published code knows; folders left out: 1" in found.notes


def test_the_same_name_in_four_methods_stays_four_clips_of_one_pair(root):
    clips = [clip for clip in READER.read(root).clips if clip.key.endswith("/071_054")]
    assert len({clip.key for clip in clips}) == len({clip.path for clip in clips}) == 4
    assert len({(clip.method, clip.name) for clip in clips}) == 4
    assert {clip.pair for clip in clips} == {"FF/071_054"}


def test_both_folders_of_real_footage_are_kept(root):
    reals = {clip.method for clip in READER.read(root).clips if clip.label == 0}
    assert reals == {"FF-real", "CDFv2-Celeb-real", "CDFv2-YouTube-real"}


def test_splits_are_those_of_the_lists_and_for_ffpp_the_official_ones(root):
    splits = {clip.key: clip.split for clip in READER.read(root).clips}
    assert [splits[f"FF/real/{name}"] for name in ("071", "720", "953")] == ["train", "val", "test"]
    assert splits["CDFv2/Celeb-real/id1_0007"] == splits["CDFv2/Celeb-synthesis/id1_id0_0007"] == "test"
    assert splits["CDFv2/YouTube-real/00170"] == "train"
    (root / "config" / "datasets" / "CDFv2" / "train" / "YouTube-real.txt").unlink()
    found = READER.read(root)
    assert {clip.key: clip.split for clip in found.clips}["CDFv2/YouTube-real/00170"] is None
    assert found.notes == ["CDFv2: no list names 1 of its videos, which have no split"]


def test_a_video_in_two_lists_is_kept_for_the_test_with_a_note(root):
    lists = root / "config" / "datasets" / "CDFv2"
    (lists / "val").mkdir()
    for source in ("Celeb-real", "Celeb-synthesis"):
        (lists / "val" / f"{source}.txt").write_text((lists / "test" / f"{source}.txt").read_text())
    found = READER.read(root)
    assert {clip.split for clip in found.clips if clip.method == "CDFv2-Celeb-real"} == {"test"}
    assert found.notes == ["2 clips stand in val and test of the lists; they are kept in test alone"]


def test_a_listed_video_that_is_not_there_is_absent(root):
    path = root / "config" / "datasets" / "CDFv2" / "test" / "Celeb-real.txt"
    path.write_text("datasets/CDFv2/Celeb-real/id9_0001/000.png\n" + path.read_text())
    (absent,) = READER.read(root).absent
    assert (absent.key, absent.label, absent.split) == ("CDFv2/Celeb-real/id9_0001", 0, "test")
    assert absent.path == root / "datasets" / "CDFv2" / "Celeb-real" / "id9_0001"


def test_a_list_of_something_else_is_refused(root):
    path = root / "config" / "datasets" / "CDFv2" / "test" / "Celeb-real.txt"
    path.write_text("somewhere/else.mp4\n")
    with pytest.raises(FacefakeError, match="somewhere/else") as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


def test_the_root_may_be_the_checkout_its_datasets_or_one_set(root):
    whole = {clip.key for clip in READER.read(root).clips}
    assert {clip.key for clip in READER.read(root / "datasets").clips} == whole
    one = READER.read(root / "datasets" / "FF").clips
    assert {clip.key for clip in one} == {key for key in whole if key.startswith("FF/")}


def test_footage_is_known_by_the_names_of_its_set_and_crosses_no_split(root):
    clips = READER.read(root).clips
    pairs = {clip.key: clip.pair for clip in clips}
    assert pairs["CDFv2/Celeb-synthesis/id1_id0_0007"] == pairs["CDFv2/Celeb-real/id1_0007"]
    assert pairs["FF/real/071"] == pairs["FF/DF/071_054"]
    assert leaks(clips) == []


def test_nothing_is_written_and_nothing_is_left_over(root):
    before = state(root)
    found = READER.read(root)
    assert (strays(root, found), found.notes, found.absent) == ([], [], [])
    assert state(root) == before


@pytest.mark.data
def test_the_published_crops_are_read_as_they_lie(test_data):
    found = READER.read(test_data / "crops" / "aligned")
    assert {clip.key: clip.label for clip in found.clips} == {
        "CDFv2/Celeb-real/id0_0000": 0,
        "CDFv2/Celeb-synthesis/id0_id1_0000": 1,
        "CDFv2/YouTube-real/00000": 0,
        "FF/DF/000_003": 1,
        "FF/F2F/000_003": 1,
        "FF/FS/000_003": 1,
        "FF/NT/000_003": 1,
        "FF/real/000": 0,
    }
    assert {clip.split for clip in found.clips if clip.key.startswith("FF/")} == {"test"}


def test_listed_frames_that_are_not_there_are_counted_and_said(tmp_path):
    root = crop_trees.frames(tmp_path)
    (root / "datasets/CDFv2/Celeb-real/id1_0007/000.png").unlink()
    found = READER.read(root)
    assert [(clip.key, clip.frames_listed, clip.frames_absent) for clip in found.clips if clip.frames_absent] == [
        ("CDFv2/Celeb-real/id1_0007", 2, 1)
    ]
    assert any("1 of 6 listed frames are not there" in note for note in found.notes)
