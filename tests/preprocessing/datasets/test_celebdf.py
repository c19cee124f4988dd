import pytest

from preprocessing.datasets.celebdf import read
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees


def test_one_in_the_official_list_is_real(tmp_path):
    labels = {clip.key: clip.label for clip in read(trees.celebdf(tmp_path))}
    assert labels["YouTube-real/00170.mp4"] == 0
    assert labels["Celeb-synthesis/id1_id0_0007.mp4"] == 1


def test_what_is_listed_is_test_and_the_rest_is_train(tmp_path):
    splits = {clip.key: clip.split for clip in read(trees.celebdf(tmp_path))}
    assert splits["Celeb-real/id1_0007.mp4"] == "test"
    assert splits["Celeb-real/id2_0001.mp4"] == "train"


def test_a_fake_is_paired_with_the_footage_it_shows(tmp_path):
    pairs = {clip.key: clip.pair for clip in read(trees.celebdf(tmp_path))}
    assert pairs["Celeb-synthesis/id1_id0_0007.mp4"] == pairs["Celeb-real/id1_0007.mp4"]


def test_a_list_with_reversed_labels_is_refused(tmp_path):
    trees.celebdf(tmp_path)
    (tmp_path / "List_of_testing_videos.txt").write_text("0 Celeb-real/id1_0007.mp4\n")
    with pytest.raises(FacefakeError, match="Line 1") as caught:
        read(tmp_path)
    assert caught.value.code == "labels_invalid"


def test_a_missing_list_is_named(tmp_path):
    trees.celebdf(tmp_path)
    (tmp_path / "List_of_testing_videos.txt").unlink()
    with pytest.raises(FacefakeError, match=r"List_of_testing_videos\.txt") as caught:
        read(tmp_path)
    assert caught.value.code == "dataset_not_found"
