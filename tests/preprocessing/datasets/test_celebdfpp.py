import pytest

from preprocessing.datasets.celebdfpp import FAMILIES, READER
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees_video

SWAPPED = "Celeb-synthesis/FaceSwap/Celeb-DF/id1_id0_0007.mp4"


@pytest.fixture
def root(tmp_path):
    return trees_video.celebdfpp(tmp_path)


@pytest.fixture
def clips(root):
    return {clip.key: clip for clip in READER.read(root).clips}


def test_one_in_the_official_list_is_real(clips):
    assert {clip.label for clip in clips.values() if clip.method.endswith("-real")} == {0}
    assert {clip.label for key, clip in clips.items() if key.startswith("Celeb-synthesis/")} == {1}


def test_listed_clips_are_test_and_the_others_train(clips):
    assert {key for key, clip in clips.items() if clip.split == "train"} == {
        "Celeb-real/id2_0001.mp4",
        "YouTube-real/00001.mp4",
        "Celeb-synthesis/FaceSwap/SimSwap/id2_id0_0001.mp4",
    }


def test_there_are_22_methods_named_by_their_folder(clips):
    assert sum(map(len, FAMILIES.values())) == 22
    assert clips["Celeb-synthesis/TalkingFace/IP_LAP/id1_0007_test_00012.mp4"].method == "IP_LAP"


def test_the_same_name_in_three_methods_stays_three_clips(clips):
    assert len([clip for clip in clips.values() if clip.path.name == "id1_id0_0007.mp4"]) == 3


def test_swap_reenactment_and_talking_face_of_a_recording_are_one_pair(clips):
    pair = clips["Celeb-real/id1_0007.mp4"].pair
    assert {clip.method for clip in clips.values() if clip.pair == pair} == {
        *("Celeb-real", "Celeb-DF", "SimSwap", "LivePortrait", "IP_LAP")
    }


def test_a_talking_face_shows_one_person_and_a_swap_two(clips):
    assert clips["Celeb-synthesis/TalkingFace/IP_LAP/id1_0007_test_00012.mp4"].identities == ("id1",)
    assert clips[SWAPPED].identities == ("id1", "id0")


@pytest.mark.parametrize("in_the_list", [True, False])
def test_the_other_name_of_the_v2_folder_gives_the_same_keys(root, clips, in_the_list):
    folder = root / "Celeb-synthesis/FaceSwap"
    (folder / "Celeb-DF").rename(folder / "Celeb-DF-v2")
    if in_the_list:
        listing = root / "List_of_testing_videos.txt"
        listing.write_text(listing.read_text().replace("/Celeb-DF/", "/Celeb-DF-v2/"))
    found = READER.read(root)
    assert {clip.key: clip.split for clip in found.clips} == {key: clip.split for key, clip in clips.items()}
    assert found.absent == []


def test_a_listed_clip_that_is_not_there_is_absent(root):
    (root / SWAPPED).unlink()
    assert [(clip.key, clip.method, clip.label) for clip in READER.read(root).absent] == [(SWAPPED, "Celeb-DF", 1)]


def test_a_name_of_another_form_keeps_the_label_of_its_folder(root):
    trees_video.touch(root, "Celeb-synthesis/FaceSwap/GHOST/odd.mp4")
    odd = next(clip for clip in READER.read(root).clips if clip.method == "GHOST")
    assert (odd.label, odd.pair, odd.identities) == (1, None, ())


def test_reversed_polarity_is_refused(root):
    trees_video.write(root, "List_of_testing_videos.txt", f"1 {SWAPPED}\n")
    with pytest.raises(FacefakeError) as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


def test_a_list_of_v2_makes_no_training_footage(root):
    trees_video.write(root, "List_of_testing_videos.txt", f"1 Celeb-real/id1_0007.mp4\n0 {SWAPPED}\n")
    found = READER.read(root)
    assert {clip.split for clip in found.clips} == {"test", None}
    assert any("names no video of IP_LAP, LivePortrait, SimSwap, YouTube-real" in note for note in found.notes)
