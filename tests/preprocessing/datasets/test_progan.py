import pytest

from preprocessing.datasets import select
from preprocessing.datasets.progan import CATEGORIES, READER
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets.picture_releases import facts, progan
from tests.preprocessing.datasets.trees import touch


def test_label_split_and_source_are_the_folders(tmp_path):
    read = facts(READER, progan(tmp_path))
    assert len(read) == 12
    assert read["train/airplane/0_real/00000.png"] == (0, "train", "lsun")
    assert read["train/airplane/1_fake/00001.png"] == (1, "train", "progan")
    assert read["val/airplane/1_fake/18000.png"] == (1, "val", "progan")


def test_the_category_train_is_no_split(tmp_path):
    read = facts(READER, progan(tmp_path))
    assert read["train/train/0_real/00000.png"] == (0, "train", "lsun")
    assert read["val/train/0_real/18000.png"] == (0, "val", "lsun")


@pytest.mark.parametrize(("train", "val"), [("progan_train", "progan_val"), ("train/progan", "val/progan")])
def test_keys_are_the_same_however_the_archives_were_unpacked(tmp_path, train, val):
    assert facts(READER, progan(tmp_path / "a", train, val)) == facts(READER, progan(tmp_path / "b"))


def test_the_root_may_be_the_folder_of_one_split(tmp_path):
    whole = facts(READER, progan(tmp_path))
    assert facts(READER, tmp_path / "val") == {key: told for key, told in whole.items() if told[1] == "val"}


def test_the_split_is_told_by_the_folder_nearest_to_the_category(tmp_path):
    assert set(facts(READER, progan(tmp_path / "train") / "val").values()) == {(0, "val", "lsun"), (1, "val", "progan")}


def test_pictures_of_no_known_split_or_category_are_left_out(tmp_path):
    touch(progan(tmp_path), "backup/airplane/1_fake/1.png", "train/face/1_fake/1.png")
    found = READER.read(tmp_path)
    assert len(found.clips) == 12
    assert found.notes == [f"{name}/ is no part of the release; pictures left out: 1" for name in ("backup", "train")]


def test_the_test_set_is_not_taken_for_the_training_set(tmp_path):
    with pytest.raises(FacefakeError, match="no picture that lies as train"):
        READER.read(touch(tmp_path / "test", "progan/airplane/0_real/0.png", "progan/airplane/1_fake/0.png"))


def test_there_are_twenty_categories_and_720_000_pictures():
    assert len(CATEGORIES) == 20
    assert sum(line.clips for line in READER.official if line.split == "train") == 720_000


def test_validation_pictures_are_of_the_release(tmp_path):
    assert len(select(READER.read(progan(tmp_path)), splits=("val",)).clips) == 4
