from preprocessing.datasets.celebdf1 import READER
from tests.preprocessing.datasets import trees


def test_it_is_read_like_v2_under_its_own_name(tmp_path):
    clips = {clip.key: clip for clip in READER.read(trees.celebdf(tmp_path)).clips}
    assert {clip.dataset for clip in clips.values()} == {"celebdf1"}
    assert (clips["YouTube-real/00170.mp4"].label, clips["Celeb-synthesis/id1_id0_0007.mp4"].label) == (0, 1)


def test_training_footage_holds_no_test_video(tmp_path):
    # DeepfakeBench's rearrange.py takes every video as training footage and the listed ones as test as well
    clips = READER.read(trees.celebdf(tmp_path)).clips
    assert [clip.key for clip in clips if clip.split == "train"] == ["Celeb-real/id2_0001.mp4"]


def test_its_figures_are_those_of_v1():
    assert sum(line.clips for line in READER.official) == 408 + 795
