import pytest

from preprocessing.datasets.forensynths import COUNTS, READER
from tests.preprocessing.datasets.picture_releases import facts, forensynths
from tests.preprocessing.datasets.trees import touch


def test_generators_lie_with_and_without_classes_and_have_reals_of_their_own(tmp_path):
    assert facts(READER, forensynths(tmp_path)) == {
        "biggan/0_real/00001.png": (0, "test", "biggan-real"),
        "biggan/1_fake/00001.png": (1, "test", "biggan"),
        "deepfake/0_real/000_470.png": (0, "test", "deepfake-real"),
        "deepfake/1_fake/000_003.png": (1, "test", "deepfake"),
        "stylegan/bedroom/0_real/00001.png": (0, "test", "stylegan-real"),
        "stylegan/bedroom/1_fake/00001.png": (1, "test", "stylegan"),
        "stylegan/car/0_real/00001.png": (0, "test", "stylegan-real"),
        "stylegan/car/1_fake/00001.png": (1, "test", "stylegan"),
    }
    assert READER.reals_of("stylegan") == ("stylegan-real",)


@pytest.mark.parametrize("above", ["test", "CNN_synth_testset", "progan"])
def test_keys_are_the_same_whatever_it_was_unpacked_into(tmp_path, above):
    forensynths(tmp_path / "a")
    forensynths(tmp_path / "b" / above)
    assert facts(READER, tmp_path / "b") == facts(READER, tmp_path / "b" / above) == facts(READER, tmp_path / "a")


def test_the_root_may_be_one_generator(tmp_path):
    whole = facts(READER, forensynths(tmp_path))
    assert facts(READER, tmp_path / "stylegan") == {
        key: told for key, told in whole.items() if key.startswith("stylegan/")
    }


def test_a_class_may_be_called_train_or_fake(tmp_path):
    read = facts(
        READER, touch(tmp_path, "progan/train/0_real/1.png", "cyclegan/fake/0_real/1.png", "cyclegan/real/1_fake/1.png")
    )
    assert read == {
        "progan/train/0_real/1.png": (0, "test", "progan-real"),
        "cyclegan/fake/0_real/1.png": (0, "test", "cyclegan-real"),
        "cyclegan/real/1_fake/1.png": (1, "test", "cyclegan"),
    }


def test_a_generator_that_is_none_of_the_thirteen_is_left_out(tmp_path):
    found = READER.read(touch(forensynths(tmp_path), "dalle/1_fake/1.png", "StyleGAN/car/1_fake/1.png"))
    assert len(found.clips) == 8
    assert found.notes == [f"{name}/ is no part of the release; pictures left out: 1" for name in ("StyleGAN", "dalle")]


def test_thirteen_generators_make_90_329_pictures():
    assert len(COUNTS) == 13
    assert sum(line.clips for line in READER.official) == 90_329
