import pytest

from preprocessing.datasets.base import strays
from preprocessing.datasets.wilddeepfake import READER
from preprocessing.errors import FacefakeError
from preprocessing.extract import extract_clip
from preprocessing.recipe import Recipe
from preprocessing.video import Sampling
from tests.crops import png, state, write_crops, write_tar
from tests.preprocessing.datasets import crop_trees

ALL = Recipe.of_release("wilddeepfake", Sampling("uniform", 100))


def test_a_clip_is_a_sequence_labelled_and_split_by_its_folder(tmp_path):
    found = READER.read(crop_trees.wilddeepfake(tmp_path))
    assert len(found.clips) == 16
    assert {(clip.method, clip.split, clip.label) for clip in found.clips} == {
        ("real", "train", 0),
        ("real", "test", 0),
        ("fake", "train", 1),
        ("fake", "test", 1),
    }
    clip = next(clip for clip in found.clips if clip.key == "real_test/0/real/12")
    assert (clip.path.name, clip.member) == ("0.tar.gz", "0/real/12")
    assert found.notes == []


def test_a_folder_with_a_space_has_the_same_keys_as_one_with_an_underscore(tmp_path):
    keys = {clip.key for clip in READER.read(crop_trees.wilddeepfake(tmp_path)).clips}
    assert "fake_train/1/fake/3" in keys


def test_unpacked_or_not_the_clips_are_the_same(tmp_path):
    packed = READER.read(crop_trees.wilddeepfake(tmp_path / "packed")).clips
    for clip in packed:
        write_crops(tmp_path / "unpacked" / clip.key, [2, 9, 10, 100])
    unpacked = READER.read(tmp_path / "unpacked").clips

    def facts(clips):
        return [(clip.key, clip.label, clip.split, clip.pair, clip.name, clip.method) for clip in clips]

    assert facts(packed) == facts(unpacked)


def test_a_tarball_beside_what_was_unpacked_of_it_counts_once(tmp_path):
    root = crop_trees.wilddeepfake(tmp_path) / "deepfake_in_the_wild"
    write_crops(root / "real_test" / "0" / "real" / "12", [1])
    clips = {clip.key: clip for clip in READER.read(root).clips}
    assert len(clips) == 16
    assert clips["real_test/0/real/12"].member is None
    assert clips["real_test/0/real/3"].member == "0/real/3"


def test_frames_come_in_the_order_of_their_numbers(tmp_path):
    clip = READER.read(crop_trees.wilddeepfake(tmp_path)).clips[0]
    assert [face.frame for face in extract_clip(clip, ALL).faces] == [2, 9, 10, 100]


def test_sequences_of_a_video_are_one_pair_and_splits_share_none(tmp_path):
    clips = READER.read(crop_trees.wilddeepfake(tmp_path)).clips
    pairs = {clip.key: clip.pair for clip in clips}
    assert pairs["real_test/0/real/3"] == pairs["real_test/0/real/12"] == pairs["fake_test/0/fake/3"] == "test/0"
    assert not {c.pair for c in clips if c.split == "train"} & {c.pair for c in clips if c.split == "test"}


def test_a_sequence_whose_name_contradicts_its_folder_is_left_out_and_named(tmp_path):
    write_tar(tmp_path / "real_test" / "0.tar.gz", {"0/fake/1/1.png": png(1), "0/real/2/1.png": png(2)})
    found = READER.read(tmp_path)
    assert [clip.key for clip in found.clips] == ["real_test/0/real/2"]
    assert found.notes == ["real_test/0/fake/1 is named fake and left out"]


def test_a_damaged_or_unsafe_tarball_is_noted_counted_and_stops_no_other(tmp_path):
    root = crop_trees.wilddeepfake(tmp_path) / "deepfake_in_the_wild"
    path = root / "fake_test" / "1.tar.gz"
    path.write_bytes(path.read_bytes()[:3000])
    found = READER.read(root)
    (broken,) = [clip for clip in found.clips if clip.path == path]
    assert len(found.clips) == 15
    assert (broken.key, broken.label) == ("fake_test/1.tar.gz", 1)
    assert "is no whole tarball" in found.notes[0]
    with pytest.raises(FacefakeError) as caught:
        extract_clip(broken, ALL)
    assert caught.value.code == "crops_invalid"


def test_nothing_is_written_and_nothing_is_left_over(tmp_path):
    crop_trees.wilddeepfake(tmp_path)
    write_crops(tmp_path / "deepfake_in_the_wild" / "real_test" / "5" / "real" / "1")
    before = state(tmp_path)
    found = READER.read(tmp_path)
    for clip in found.clips:
        extract_clip(clip, ALL)
    assert state(tmp_path) == before
    assert strays(tmp_path, found) == []


def test_another_folder_is_refused_in_words(tmp_path):
    (tmp_path / "videos").mkdir()
    with pytest.raises(FacefakeError, match="looked for real_train/") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "dataset_not_found"
