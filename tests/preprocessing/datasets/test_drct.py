from preprocessing.datasets import select
from preprocessing.datasets.drct import MODELS, READER
from preprocessing.releases.check import check
from tests.preprocessing.datasets.picture_lists import drct
from tests.preprocessing.datasets.trees import touch


def test_models_are_fakes_coco_is_real_and_val2017_is_the_test(tmp_path):
    clips = select(READER.read(drct(tmp_path)), methods=READER.methods).clips
    assert {clip.key: (clip.label, clip.method, clip.split) for clip in clips} == {
        "MSCOCO/train2017/000000000009.jpg": (0, "mscoco", "train"),
        "MSCOCO/train2017/000000000025.jpg": (0, "mscoco", "train"),
        "MSCOCO/val2017/000000000139.jpg": (0, "mscoco", "test"),
        "sdxl-turbo/train2017/000000000009.png": (1, "sdxl-turbo", "train"),
        "sdxl-turbo/val2017/000000000139.png": (1, "sdxl-turbo", "test"),
        "stable-diffusion-v1-4/train2017/000000000009.png": (1, "stable-diffusion-v1-4", "train"),
    }


def test_reconstructions_are_fakes_that_are_taken_by_name(tmp_path):
    clips = [clip for clip in READER.read(drct(tmp_path)).clips if clip.method not in READER.methods]
    assert {clip.method: (clip.label, clip.split) for clip in clips} == {
        "DR/MSCOCO/full_inpainting": (1, "train"),
        "DR/DRCT-2M/stable-diffusion-v1-4/full_inpainting": (1, "train"),
    }


def test_keys_are_the_same_when_the_models_lie_in_the_root(tmp_path):
    keys = [clip.key for clip in READER.read(drct(tmp_path / "a")).clips]
    other = drct(tmp_path / "b")
    for folder in (other / "DRCT-2M").iterdir():
        folder.rename(other / folder.name)
    assert [clip.key for clip in READER.read(other).clips] == keys


def test_another_copy_of_coco_is_not_taken_for_a_generator(tmp_path):
    found = READER.read(touch(drct(tmp_path), "coco/train2017/1.jpg", "DRCT-2M/train2017/1.jpg"))
    assert not [clip for clip in found.clips if clip.path.name == "1.jpg"]
    assert len(check(READER, tmp_path, found, quick=True).strays) == 2


def test_without_coco_there_are_no_reals_and_that_is_said(tmp_path):
    found = READER.read(touch(tmp_path, "sdxl-turbo/val2017/1.png"))
    assert found.notes == ["no real pictures: MSCOCO/ is to lie here as well"]


def test_there_are_sixteen_models():
    assert len(set(MODELS)) == 16
