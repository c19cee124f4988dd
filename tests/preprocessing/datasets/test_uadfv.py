from preprocessing.datasets.uadfv import READER
from tests.preprocessing.datasets import trees_video


def test_labels_are_the_folders_and_a_fake_is_paired_with_its_real(tmp_path):
    clips = READER.read(trees_video.uadfv(tmp_path)).clips
    assert {clip.key: (clip.label, clip.pair, clip.split) for clip in clips} == {
        "fake/0000_fake.mp4": (1, "0000", "test"),
        "fake/0001_fake.mp4": (1, "0001", "test"),
        "real/0000.mp4": (0, "0000", "test"),
        "real/0001.mp4": (0, "0001", "test"),
    }


def test_the_label_is_not_read_from_the_name(tmp_path):
    trees_video.touch(tmp_path, "real/fakery_fake.mp4", "fake/realistic.mp4")
    assert {clip.key: clip.label for clip in READER.read(tmp_path).clips} == {
        "real/fakery_fake.mp4": 0,
        "fake/realistic.mp4": 1,
    }
