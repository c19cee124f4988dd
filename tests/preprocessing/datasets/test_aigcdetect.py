import pytest

from preprocessing.datasets.aigcdetect import READER
from preprocessing.releases.check import check
from tests.preprocessing.datasets.picture_releases import aigcdetect, facts
from tests.preprocessing.datasets.trees import touch


def test_a_folder_at_the_top_may_name_the_split_and_generators_lie_below(tmp_path):
    assert facts(READER, aigcdetect(tmp_path)) == {
        f"{split}/{generator}/{folder}/1.png": (label, split, method)
        for split, generator in (("test", "Midjourney-V6"), ("test", "R3GAN"), ("train", "car"), ("train", "sdv1.4"))
        for folder, label, method in (("0_real", 0, f"{generator}-real"), ("1_fake", 1, generator))
    }
    assert READER.reals_of("R3GAN") == ("R3GAN-real",)


def test_generators_may_have_classes_and_no_split_of_which_one_may_be_called_train(tmp_path):
    assert facts(
        READER, touch(tmp_path, "progan/train/0_real/1.png", "progan/fake/0_real/1.png", "wukong/1_fake/1.png")
    ) == {
        "progan/train/0_real/1.png": (0, None, "progan-real"),
        "progan/fake/0_real/1.png": (0, None, "progan-real"),
        "wukong/1_fake/1.png": (1, None, "wukong"),
    }


@pytest.mark.parametrize(("real", "fake"), [("0_real", "1_fake"), ("real", "fake"), ("REAL", "FAKE"), ("nature", "ai")])
def test_a_folder_of_no_generator_is_real_and_fake_in_any_spelling(tmp_path, real, fake):
    # test/0_real is how Chameleon lies, test/REAL CIFAKE, and real beside fake anyone's own pictures
    read = facts(READER, touch(tmp_path, f"{real}/1.png", f"{fake}/1.png", f"test/{real}/2.png", f"test/{fake}/2.png"))
    assert read == {
        f"{real}/1.png": (0, None, "real"),
        f"{fake}/1.png": (1, None, "fake"),
        f"test/{real}/2.png": (0, "test", "real"),
        f"test/{fake}/2.png": (1, "test", "fake"),
    }
    assert READER.reals_of("fake") == ("real",)


def test_pictures_outside_label_folders_are_strays(tmp_path):
    touch(aigcdetect(tmp_path), "test/R3GAN/1_fakes/1.png", "sample.png")
    checked = check(READER, tmp_path, READER.read(tmp_path), quick=True)
    assert [path.relative_to(tmp_path).as_posix() for path in checked.strays] == [
        "sample.png",
        "test/R3GAN/1_fakes/1.png",
    ]


@pytest.mark.data
def test_real_pictures_in_label_folders_are_read_and_open(test_data):
    root = test_data / "images"
    found = READER.read(root)
    methods = {clip.key.split("/")[0]: (clip.method, clip.label) for clip in found.clips if clip.key.count("/") == 1}
    assert methods == {"real": ("real", 0), "fake": ("fake", 1)}
    assert {clip.method: clip.label for clip in found.clips if clip.key.startswith("progan_pair/")} == {
        "progan_pair": 1,
        "progan_pair-real": 0,
    }
    checked = check(READER, root, found, workers=2)
    assert (checked.sound, checked.strays, len(checked.clips)) == (True, [], len(list(root.rglob("*.*"))))
