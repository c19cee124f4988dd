from preprocessing.datasets.ufd import READER
from tests.preprocessing.datasets.picture_releases import facts, ufd
from tests.preprocessing.datasets.trees import touch


def test_reals_are_shared_and_named_after_their_source(tmp_path):
    assert facts(READER, ufd(tmp_path)) == {
        "guided/1_fake/a.png": (1, "test", "guided"),
        "imagenet/0_real/c.jpg": (0, "test", "imagenet"),
        "laion/0_real/d.jpg": (0, "test", "laion"),
        "ldm_200_cfg/1_fake/b.png": (1, "test", "ldm_200_cfg"),
    }


def test_guided_diffusion_is_measured_against_imagenet_and_all_else_against_laion():
    fakes = [line.method for line in READER.official if line.method not in READER.reals]
    assert len(fakes) == 8
    assert {fake: READER.reals_of(fake) for fake in fakes} == {
        **dict.fromkeys(fakes, ("laion",)),
        "guided": ("imagenet",),
    }


def test_keys_are_the_same_in_the_folder_of_the_archive(tmp_path):
    ufd(tmp_path / "a" / "diffusion_datasets")
    assert facts(READER, tmp_path / "a") == facts(READER, ufd(tmp_path / "b"))


def test_reals_under_a_generator_and_fakes_under_a_source_are_none_of_the_release(tmp_path):
    found = READER.read(touch(ufd(tmp_path), "guided/0_real/a.png", "laion/1_fake/a.png"))
    assert len(found.clips) == 4
    assert found.notes == [f"{name}/ is no part of the release; pictures left out: 1" for name in ("guided", "laion")]
