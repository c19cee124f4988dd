import pytest

from preprocessing.datasets.celebdf import READER
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees


def test_one_in_the_official_list_is_real(tmp_path):
    labels = {clip.key: clip.label for clip in READER.read(trees.celebdf(tmp_path)).clips}
    assert labels["YouTube-real/00170.mp4"] == 0
    assert labels["Celeb-synthesis/id1_id0_0007.mp4"] == 1


def test_what_is_listed_is_test_and_the_rest_is_train(tmp_path):
    splits = {clip.key: clip.split for clip in READER.read(trees.celebdf(tmp_path)).clips}
    assert splits["Celeb-real/id1_0007.mp4"] == "test"
    assert splits["Celeb-real/id2_0001.mp4"] == "train"


def test_a_fake_is_paired_with_the_footage_it_shows(tmp_path):
    pairs = {clip.key: clip.pair for clip in READER.read(trees.celebdf(tmp_path)).clips}
    assert pairs["Celeb-synthesis/id1_id0_0007.mp4"] == pairs["Celeb-real/id1_0007.mp4"]


def test_a_list_with_reversed_labels_is_refused(tmp_path):
    trees.celebdf(tmp_path)
    (tmp_path / "List_of_testing_videos.txt").write_text("0 Celeb-real/id1_0007.mp4\n")
    with pytest.raises(FacefakeError, match="Line 1") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "labels_invalid"


def test_a_missing_list_is_named(tmp_path):
    trees.celebdf(tmp_path)
    (tmp_path / "List_of_testing_videos.txt").unlink()
    with pytest.raises(FacefakeError, match=r"List_of_testing_videos\.txt") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "dataset_not_found"


def test_a_listed_clip_that_is_not_there_is_absent(tmp_path):
    trees.celebdf(tmp_path)
    (tmp_path / "YouTube-real/00170.mp4").unlink()
    found = READER.read(tmp_path)
    assert [(clip.key, clip.split, clip.label) for clip in found.absent] == [("YouTube-real/00170.mp4", "test", 0)]
    assert "YouTube-real/00170.mp4" not in {clip.key for clip in found.clips}


def test_an_inserted_videos_folder_leaves_the_keys_as_released(tmp_path):
    plain = [clip.key for clip in READER.read(trees.celebdf(tmp_path / "plain")).clips]
    trees.celebdf(tmp_path / "moved")
    for folder in ("Celeb-real", "YouTube-real", "Celeb-synthesis"):
        inserted = tmp_path / "moved" / folder / "videos"
        inserted.mkdir()
        for path in (tmp_path / "moved" / folder).glob("*.mp4"):
            path.rename(inserted / path.name)
    assert [clip.key for clip in READER.read(tmp_path / "moved").clips] == plain


def test_neither_kind_of_real_footage_is_lost(tmp_path):
    # DeepfakeBench's rearrange.py starts a new dictionary for each folder and so keeps only the last
    reals = {clip.method for clip in READER.read(trees.celebdf(tmp_path)).clips if clip.label == 0}
    assert reals == {"Celeb-real", "YouTube-real"}


def test_the_people_of_a_clip_are_named(tmp_path):
    people = {clip.key: clip.identities for clip in READER.read(trees.celebdf(tmp_path)).clips}
    assert people["Celeb-synthesis/id1_id0_0007.mp4"] == ("id1", "id0")
    assert people["YouTube-real/00170.mp4"] == ()
