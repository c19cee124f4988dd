import pytest

from preprocessing.datasets.dfd import READER
from tests.preprocessing.datasets import trees, trees_video


@pytest.fixture
def clips(tmp_path):
    return {clip.path.stem: clip for clip in READER.read(trees_video.dfd(tmp_path)).clips}


def test_all_of_it_is_test_for_want_of_a_split(clips):
    assert {clip.split for clip in clips.values()} == {"test"}


def test_a_fake_is_paired_with_the_actor_and_scene_it_shows(clips):
    pair = clips["01__meeting_serious"].pair
    assert {stem for stem, clip in clips.items() if clip.pair == pair} == {
        "01__meeting_serious",
        "01_02__meeting_serious__YVGY8LOK",
        "01_02__meeting_serious__A1B2C3D4",
    }


def test_people_are_the_one_shown_and_the_one_whose_face_it_is(clips):
    assert clips["01__meeting_serious"].identities == ("01",)
    assert clips["01_02__meeting_serious__YVGY8LOK"].identities == ("01", "02")


def test_the_mask_says_which_face_was_swapped(clips):
    assert [stem for stem, clip in clips.items() if clip.mask] == ["01_02__meeting_serious__YVGY8LOK"]


def test_of_a_whole_faceforensics_only_the_dfd_part_is_taken(tmp_path):
    assert {clip.method for clip in READER.read(trees.ffpp(tmp_path)).clips} == {"actors", "DeepFakeDetection"}


@pytest.mark.parametrize("inner", ["", "DFD_manipulated_sequences/"])
def test_the_copy_on_kaggle_has_the_same_keys(tmp_path, inner):
    official = READER.read(trees_video.dfd(tmp_path / "official")).clips
    for clip in official:
        folder = "DFD_original sequences/" if clip.label == 0 else f"DFD_manipulated_sequences/{inner}"
        trees.touch(tmp_path / "kaggle", f"{folder}{clip.path.name}")
    found = READER.read(tmp_path / "kaggle")
    assert [(clip.key, clip.label, clip.split, clip.pair) for clip in found.clips] == [
        (clip.key, clip.label, clip.split, clip.pair) for clip in official
    ]
