import pytest

from preprocessing.datasets.genimage import FOLDERS, GENERATORS, READER
from tests.preprocessing.datasets.picture_releases import facts, genimage
from tests.preprocessing.datasets.trees import touch


def test_what_the_paper_tests_on_is_the_test_and_keys_leave_the_archives_folders_out(tmp_path):
    assert facts(READER, genimage(tmp_path)) == {
        f"{generator}/{part}/{name}": (label, split, method)
        for generator in ("BigGAN", "Stable Diffusion V1.5")
        for part, split in (("train", "train"), ("val", "test"))
        for name, label, method in (
            ("ai/0_a.png", 1, generator),
            ("nature/n01440764_1.JPEG", 0, f"{generator}-real"),
        )
    }
    assert READER.reals_of("BigGAN") == ("BigGAN-real",)


@pytest.mark.parametrize(
    "folder", ["stable_diffusion_v_1_4/imagenet_ai_0419_sdv4", "imagenet_ai_0419_sdv4", "stable_diffusion_v_1_4"]
)
def test_a_generator_is_known_by_each_of_its_folders_names(tmp_path, folder):
    assert facts(READER, touch(tmp_path, f"{folder}/val/ai/1.png")) == {
        "Stable Diffusion V1.4/val/ai/1.png": (1, "test", "Stable Diffusion V1.4")
    }


def test_the_archive_of_all_test_pictures_has_the_same_keys(tmp_path):
    touch(
        tmp_path,
        *(f"test/{short}_imagenet/{name}" for short in ("adm", "sdv5") for name in ("ai/1.png", "nature/2.JPEG")),
    )
    read = facts(READER, tmp_path)
    assert (
        facts(READER, tmp_path / "test")
        == read
        == {
            f"{generator}/val/{name}": (label, "test", method)
            for generator in ("ADM", "Stable Diffusion V1.5")
            for name, label, method in (("ai/1.png", 1, generator), ("nature/2.JPEG", 0, f"{generator}-real"))
        }
    )


def test_imagenet_s_synsets_below_a_label_are_no_labels(tmp_path):
    read = facts(READER, touch(tmp_path, "VQDM/train/ai/n01440764/1.png", "VQDM/train/nature/n01443537/1.png"))
    assert {key: label for key, (label, *_) in read.items()} == {
        "VQDM/train/ai/n01440764/1.png": 1,
        "VQDM/train/nature/n01443537/1.png": 0,
    }


def test_other_generators_and_parts_are_left_out(tmp_path):
    found = READER.read(touch(genimage(tmp_path), "FLUX/train/ai/1.png", "ADM/extra/ai/1.png", "ai/1.png"))
    assert len(found.clips) == 8
    assert found.notes == [f"{name}/ is no part of the release; pictures left out: 1" for name in ("ADM", "FLUX", "ai")]


def test_eight_generators_made_1_350_000_pictures():
    assert len(FOLDERS) == 8
    assert set(GENERATORS.values()) == set(FOLDERS)
    assert sum(line.clips for line in READER.official if line.split == "train") == 1_300_000
    assert sum(line.clips for line in READER.official if line.split == "test") == 50_000
