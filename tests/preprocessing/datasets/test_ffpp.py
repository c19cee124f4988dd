from collections import Counter

import pytest

from preprocessing.datasets import get_reader, select
from preprocessing.datasets.base import strays
from preprocessing.datasets.ffpp import FOUR_METHODS, READER, official_pairs
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees


@pytest.fixture
def clips(tmp_path):
    return {clip.key: clip for clip in READER.read(trees.ffpp(tmp_path)).clips}


def test_the_official_split_has_720_140_140_videos():
    assert Counter(split for split, _ in official_pairs().values()) == {"train": 720, "val": 140, "test": 140}


def test_real_and_fakes_of_a_pair_share_pair_and_split(clips):
    members = [
        clip for key, clip in clips.items() if any(name in key for name in ("/071", "/054")) and "actors" not in key
    ]
    assert {clip.pair for clip in members} == {"071_054"}
    assert {clip.split for clip in members} == {"train"}


def test_labels_come_from_the_folder_not_from_a_substring(clips):
    assert clips["original_sequences/youtube/c23/videos/071.mp4"].label == 0
    assert clips["manipulated_sequences/NeuralTextures/c23/videos/071_054.mp4"].label == 1


def test_the_same_name_in_four_methods_stays_four_clips(clips):
    same = [clip for clip in clips.values() if clip.path.name == "720_672.mp4" and clip.method in FOUR_METHODS]
    assert len(same) == len({(clip.dataset, clip.method, clip.name) for clip in same}) == 4


def test_c0_is_read_as_raw_and_keeps_its_own_store_folder(clips):
    raw = clips["original_sequences/youtube/c0/videos/071.mp4"]
    c23 = clips["original_sequences/youtube/c23/videos/071.mp4"]
    assert raw.compression == "raw"
    assert raw.name != c23.name


def test_the_mask_is_found_where_there_is_one(clips):
    masked = [clip.key for clip in clips.values() if clip.mask]
    assert masked == ["manipulated_sequences/Deepfakes/c23/videos/071_054.mp4"]


def test_dfd_is_all_test_and_pairs_by_target_and_scene(clips):
    real = clips["original_sequences/actors/c23/videos/01__meeting_serious.mp4"]
    fake = clips["manipulated_sequences/DeepFakeDetection/c23/videos/01_02__meeting_serious__YVGY8LOK.mp4"]
    assert (real.split, fake.split) == ("test", "test")
    assert real.pair == fake.pair == "01__meeting_serious"


def test_the_protocol_leaves_out_faceshifter_and_dfd(tmp_path):
    chosen = select(READER.read(trees.ffpp(tmp_path)), methods=get_reader("ffpp").methods)
    methods = {clip.method for clip in (*chosen.clips, *chosen.absent)}
    assert methods == {"youtube", *FOUR_METHODS}


def test_a_folder_without_the_release_says_what_is_there(tmp_path):
    trees.touch(tmp_path, "videos/a.mp4")
    with pytest.raises(FacefakeError, match=r"holds videos; looked for original_sequences/") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "dataset_not_found"


def test_empty_folders_are_an_error(tmp_path):
    (tmp_path / "original_sequences/youtube/c23/videos").mkdir(parents=True)
    with pytest.raises(FacefakeError) as caught:
        READER.read(tmp_path)
    assert caught.value.code == "no_videos"


def test_what_the_lists_name_and_is_not_there_is_absent_at_the_levels_there_are(tmp_path):
    found = READER.read(trees.ffpp(tmp_path))
    c23 = [clip for clip in found.absent if clip.compression == "c23"]
    assert len(c23) == 6 * 1000 - 4 - 5 * 4
    assert {clip.compression for clip in found.absent} == {"c23", "raw"}
    assert "manipulated_sequences/FaceSwap/c23/videos/672_720.mp4" in {clip.key for clip in c23}
    assert not {clip.key for clip in found.clips} & {clip.key for clip in found.absent}


def test_dfd_at_another_level_makes_nothing_else_absent_there(tmp_path):
    trees.touch(tmp_path, "original_sequences/youtube/c23/videos/071.mp4")
    trees.touch(tmp_path, "original_sequences/actors/raw/videos/01__meeting_serious.mp4")
    assert {clip.compression for clip in READER.read(tmp_path).absent} == {"c23"}


def test_the_people_of_a_clip_are_named(clips):
    assert clips["manipulated_sequences/FaceSwap/c23/videos/720_672.mp4"].identities == ("720", "672")
    dfd = clips["manipulated_sequences/DeepFakeDetection/c23/videos/01_02__meeting_serious__YVGY8LOK.mp4"]
    assert dfd.identities == ("01", "02")


def test_a_level_without_its_videos_folder_has_the_same_keys(tmp_path):
    trees.touch(tmp_path, "original_sequences/youtube/c23/071.mp4")
    assert [clip.key for clip in READER.read(tmp_path).clips] == ["original_sequences/youtube/c23/videos/071.mp4"]


def test_an_empty_split_names_what_there_was(tmp_path):
    found = READER.read(trees.ffpp(tmp_path))
    with pytest.raises(FacefakeError, match=r"compression c40.*c23, raw") as caught:
        select(found, compressions=["c40"])
    assert caught.value.code == "split_empty"


@pytest.mark.data
def test_the_real_excerpt_reads_as_catalogued(test_data):
    clips = READER.read(test_data / "ffpp").clips
    assert len(clips) == 36
    assert Counter((clip.compression, clip.split, clip.label) for clip in clips if clip.compression == "c40") == {
        ("c40", "train", 0): 4,
        ("c40", "train", 1): 16,
        ("c40", "val", 0): 2,
        ("c40", "val", 1): 8,
    }


KAGGLE = {
    "original_sequences/youtube/c23/videos": "original",
    "manipulated_sequences/DeepFakeDetection/c23/videos": "DeepFakeDetection",
    **{f"manipulated_sequences/{method}/c23/videos": method for method in (*FOUR_METHODS, "FaceShifter")},
}


def kaggle(root, official):
    """The copy FaceForensics++_C23 of what ``official`` has, with the tables that lie beside the videos."""
    trees.ffpp(official)
    for folder, name in KAGGLE.items():
        trees.touch(root, *(f"{name}/{path.name}" for path in (official / folder).iterdir()))
    (root / "csv").mkdir()
    (root / "csv/original.csv").write_text(",File Path,Label,Frame Count,Width,Height,Codec,File Size(MB)\n")
    return root


def record(clip):
    return (clip.key, clip.label, clip.split, clip.pair, clip.method, clip.name, clip.compression, clip.identities)


def test_the_copy_on_kaggle_has_the_keys_and_splits_of_the_official_layout(tmp_path):
    found = READER.read(kaggle(tmp_path / "FaceForensics++_C23", tmp_path / "official"))
    official = READER.read(tmp_path / "official")
    same = [clip for clip in official.clips if clip.compression == "c23" and clip.method != "actors"]
    assert [record(clip) for clip in found.clips] == [record(clip) for clip in same]
    assert found.notes == []
    assert strays(tmp_path / "FaceForensics++_C23", found) == []


def test_its_absent_videos_are_those_of_the_official_lists(tmp_path):
    found = READER.read(kaggle(tmp_path / "FaceForensics++_C23", tmp_path / "official"))
    official = READER.read(tmp_path / "official")
    assert {clip.key for clip in found.absent} == {clip.key for clip in official.absent if clip.compression == "c23"}
    assert found.absent[0].path.parent == tmp_path / "FaceForensics++_C23" / found.absent[0].method


@pytest.mark.parametrize("place", ["", "1"])
def test_it_may_lie_in_the_folder_it_was_unpacked_into(tmp_path, place):
    kaggle(tmp_path / "archive" / place / "FaceForensics++_C23", tmp_path / "official")
    clips = READER.read(tmp_path / "archive").clips
    assert {clip.compression for clip in clips} == {"c23"}
    assert len(clips) == 25


def test_the_compression_of_a_copy_is_told_by_its_name_or_else_said_to_be_taken(tmp_path):
    assert {clip.compression for clip in READER.read(kaggle(tmp_path / "a/FF++_c40", tmp_path / "official")).clips} == {
        "c40"
    }
    found = READER.read(kaggle(tmp_path / "b/mine", tmp_path / "official"))
    assert {clip.compression for clip in found.clips} == {"c23"}
    assert found.notes == ["the name of mine tells no compression: c23 is taken, that of the copies on Kaggle"]


def test_the_hint_names_the_layouts_that_are_known(tmp_path):
    trees.touch(tmp_path, "real/000.mp4", "fake/000_003.mp4")
    with pytest.raises(FacefakeError, match="holds fake, real") as caught:
        READER.read(tmp_path)
    assert "original_sequences/" in caught.value.hint
    assert "FaceForensics++_C23" in caught.value.hint


@pytest.mark.parametrize("suffix", [".MP4", ".avi"])
def test_files_of_another_suffix_have_the_released_keys(tmp_path, suffix):
    expected = READER.read(trees.ffpp(tmp_path / "plain"))
    root = trees.ffpp(tmp_path / "other")
    for path in sorted((root / "manipulated_sequences/Deepfakes/c23/videos").iterdir()):
        path.rename(path.with_suffix(suffix))
    found = READER.read(root)
    assert [record(clip) for clip in found.clips] == [record(clip) for clip in expected.clips]
    assert [clip.key for clip in found.absent] == [clip.key for clip in expected.absent]
