from preprocessing.datasets import select
from preprocessing.datasets.clipping import READER, TEST
from tests.preprocessing.datasets.picture_releases import clipping
from tests.preprocessing.datasets.trees import touch


def facts(found):
    return {clip.key: (clip.label, clip.split, clip.method) for clip in found.clips}


def test_synsets_are_labels_and_what_the_authors_call_val_is_the_test(tmp_path):
    tests = facts(select(READER.read(clipping(tmp_path)), splits=("test",)))
    assert tests == {
        f"{name}/images/val/{folder}/{number}.png": (label, "test", method)
        for name in ("eg3d", "progan")
        for folder, label, method in (("n01440764", 0, f"{name}-real"), ("n01443537", 1, name))
        for number in (1, 2)
    }
    assert READER.reals_of("eg3d") == ("eg3d-real",)


def test_the_training_set_keeps_its_splits(tmp_path):
    read = facts(READER.read(clipping(tmp_path)))
    assert read["progan_train/images/train/n01443537/1.png"] == (1, "train", "progan_train")
    assert read["progan_train/images/val/n01440764/1.png"] == (0, "val", "progan_train-real")


def test_keys_are_the_same_from_above_and_from_the_folder_of_one_set(tmp_path):
    whole = facts(READER.read(clipping(tmp_path / "data")))
    assert facts(READER.read(tmp_path)) == whole
    assert facts(READER.read(tmp_path / "data" / "eg3d")) == {
        key: told for key, told in whole.items() if key.startswith("eg3d/")
    }


def test_a_train_folder_of_a_test_set_is_left_out_and_so_are_other_sets(tmp_path):
    found = READER.read(
        touch(
            clipping(tmp_path),
            "eg3d/images/train/n01443537/1.png",
            "mine/images/val/n01443537/1.png",
            "n01440764/1.png",
        )
    )
    assert len(found.clips) == 16
    assert found.notes == [
        f"{name}/ is no part of the release; pictures left out: 1" for name in ("eg3d", "mine", "n01440764")
    ]


def test_there_are_25_test_sets_with_as_many_reals_as_fakes():
    assert len(TEST) == 25
    assert {line.split for line in READER.official} == {"test"}
    assert sum(line.clips for line in READER.official) == 2 * sum(TEST.values()) == 74_894
