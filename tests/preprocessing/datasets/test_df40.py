import pytest

from preprocessing.datasets.base import strays
from preprocessing.datasets.df40 import ALONE, METHODS, READER
from preprocessing.errors import FacefakeError
from preprocessing.releases.leaks import leaks
from tests.crops import state, write_crops
from tests.preprocessing.datasets import crop_trees


@pytest.fixture
def root(tmp_path):
    return crop_trees.df40(tmp_path)


def by_key(root):
    return {clip.key: clip for clip in READER.read(root).clips}


def test_the_release_has_forty_methods():
    assert len(set(METHODS)) == 40
    assert set(ALONE) <= set(METHODS)


def test_fakes_are_named_by_method_and_domain(root):
    methods = {key: clip.method for key, clip in by_key(root).items()}
    assert methods["DF40/simswap/ff/frames/953_974"] == "simswap_ff"
    assert methods["DF40/simswap/cdf/frames/id1_id0_0007"] == "simswap_cdf"
    assert methods["DF40/StyleGAN2/ff/953"] == "StyleGAN2_ff"
    assert methods["DF40/StyleGAN2/cdf/Fake_from_Celeb-real/id1_0007"] == "StyleGAN2_cdf"
    assert methods["DF40/heygen/fake/frames/anna"] == "heygen"
    assert methods["DF40/heygen/real/berta"] == "heygen_Real"


def test_only_what_the_release_calls_real_is_real(root):
    reals = {key for key, clip in by_key(root).items() if clip.label == 0}
    assert reals == {
        "DF40/heygen/real/berta",
        "DF40/stargan/real/real/001.png",
        "FaceForensics++/original_sequences/youtube/c23/frames/071",
        "FaceForensics++/original_sequences/youtube/c23/frames/953",
        "Celeb-DF-v2/Celeb-real/frames/id1_0007",
        "Celeb-DF-v2/YouTube-real/frames/00170",
    }


def test_loose_pictures_are_clips_of_their_own(root):
    clips = by_key(root)
    loose = [key for key, clip in clips.items() if clip.method == "MidJourney"]
    assert loose == ["DF40/MidJourney/fake/001.png", "DF40/MidJourney/fake/002.png"]
    assert clips[loose[0]].path.is_file()
    assert clips[loose[0]].pair is None


def test_the_folder_says_the_split_and_reals_have_the_official_one(root):
    splits = {key: clip.split for key, clip in by_key(root).items()}
    assert splits["DF40_train/simswap/frames/071_054"] == splits["DF40_train/StyleGAN2/071"] == "train"
    assert splits["DF40/simswap/ff/frames/953_974"] == "test"
    assert splits["FaceForensics++/original_sequences/youtube/c23/frames/071"] == "train"
    assert splits["FaceForensics++/original_sequences/youtube/c23/frames/953"] == "test"
    assert splits["Celeb-DF-v2/YouTube-real/frames/00170"] == "test"


def test_a_fake_is_paired_with_the_footage_it_was_made_from_in_either_domain(root):
    pairs = {key: clip.pair for key, clip in by_key(root).items()}
    assert pairs["DF40/StyleGAN2/ff/953"] == pairs["DF40/simswap/ff/frames/953_974"]
    assert pairs["DF40/simswap/ff/frames/953_974"] == pairs["FaceForensics++/original_sequences/youtube/c23/frames/953"]
    assert pairs["DF40/simswap/cdf/frames/id1_id0_0007"] == pairs["Celeb-DF-v2/Celeb-real/frames/id1_0007"]
    assert leaks(READER.read(root).clips) == []


def test_landmarks_are_no_clips_and_nothing_is_left_over(root):
    before = state(root)
    found = READER.read(root)
    assert not [clip for clip in found.clips if "landmarks" in clip.key]
    assert (strays(root, found), found.notes) == ([], [])
    assert state(root) == before


def test_without_reals_a_note_says_where_they_belong(root):
    only = READER.read(root / "DF40_train")
    assert {clip.key for clip in only.clips} == {"DF40_train/simswap/frames/071_054", "DF40_train/StyleGAN2/071"}
    assert "there is no real crop" in only.notes[0]


def test_a_folder_of_another_name_is_noted_and_one_seen_in_copies_is_known(root):
    write_crops(root / "DF40" / "mine" / "ff" / "frames" / "953_974")
    write_crops(root / "DF40" / "StarGAN2" / "fake" / "anna")
    found = READER.read(root)
    assert found.notes == ["DF40/mine is no method of the release and left out"]
    assert "starganv2" in {clip.method for clip in found.clips}


def test_another_folder_is_refused_in_words(tmp_path):
    with pytest.raises(FacefakeError, match="looked for DF40/ or DF40_train/") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "dataset_not_found"
