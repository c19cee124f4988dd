from collections import Counter

import pytest

from preprocessing.datasets.ffiw import READER
from tests.preprocessing.datasets import trees_video


@pytest.fixture
def root(tmp_path):
    return trees_video.ffiw(tmp_path)


def test_source_is_real_and_target_is_fake_in_all_three_splits(root):
    clips = READER.read(root).clips
    assert Counter((clip.method, clip.label, clip.split) for clip in clips) == {
        (method, label, split): 2
        for method, label in (("source", 0), ("target", 1))
        for split in ("train", "val", "test")
    }


def test_the_validation_set_is_not_called_test(root):
    clips = {clip.key: clip for clip in READER.read(root).clips}
    assert clips["target/val/00000000.mp4"].split == "val"
    assert clips["target/test/00000000.mp4"].split == "test"


def test_fakes_have_their_mask_and_reals_none(root):
    clips = READER.read(root).clips
    assert all(clip.mask is None for clip in clips if clip.label == 0)
    fakes = [clip for clip in clips if clip.label == 1]
    assert all(clip.mask.parts[-3:] == ("target_mask", clip.split, clip.path.name) for clip in fakes)


def test_source_and_target_of_a_name_are_a_pair_within_their_split(root):
    pairs = Counter(clip.pair for clip in READER.read(root).clips)
    assert set(pairs.values()) == {2}
    assert len(pairs) == 6


@pytest.mark.parametrize(
    ("archive", "splits"), [("FFIW10K-v1-release", {"train", "val"}), ("FFIW10K-v1-release-test", {"test"})]
)
def test_either_archive_alone_may_be_the_root_and_keys_stay(root, archive, splits):
    together = {clip.key for clip in READER.read(root).clips}
    alone = READER.read(root / archive).clips
    assert {clip.split for clip in alone} == splits
    assert {clip.key for clip in alone} <= together


def test_without_masks_the_fakes_are_still_read(tmp_path):
    trees_video.touch(tmp_path, "source/val/1.mp4", "target/val/1.mp4")
    assert [clip.mask for clip in READER.read(tmp_path).clips] == [None, None]
