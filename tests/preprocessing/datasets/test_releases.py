"""What holds of every release of whole videos."""

from collections import defaultdict

import pytest

from preprocessing.datasets import get_reader
from preprocessing.datasets.base import strays
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees_video

NAMES = sorted(trees_video.TREES)
FILED_BY_THE_RELEASE = {"dfd"}  # its own folders are called videos


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def root(name, tmp_path):
    return trees_video.TREES[name](tmp_path)


@pytest.fixture
def found(name, root):
    return get_reader(name).read(root)


def test_every_file_of_the_release_is_a_clip_or_a_mask(root, found):
    assert found.clips
    assert (found.absent, strays(root, found)) == ([], [])


def test_keys_are_unique_and_so_are_the_folders_of_a_store(found):
    assert len({clip.key for clip in found.clips}) == len(found.clips)
    assert len({(clip.dataset, clip.method, clip.name) for clip in found.clips}) == len(found.clips)


def test_clips_carry_the_name_of_the_reader_and_a_label(name, found):
    assert {clip.dataset for clip in found.clips} == {name}
    assert {clip.label for clip in found.clips} == {0, 1}


def test_real_methods_are_the_ones_the_reader_calls_real(name, found):
    reals = {clip.method for clip in found.clips if clip.label == 0}
    assert reals <= set(get_reader(name).reals)
    assert not {clip.method for clip in found.clips if clip.label == 1} & set(get_reader(name).reals)


def test_the_official_figures_speak_of_methods_the_reader_knows(name, found):
    reader = get_reader(name)
    figures = {line.method for line in reader.official}
    assert set(reader.reals) & figures
    assert {clip.method for clip in found.clips} <= figures | set(reader.methods) | set(reader.reals)


def record(clip):
    return (clip.key, clip.label, clip.split, clip.method, clip.pair, clip.name, clip.identities, bool(clip.mask))


@pytest.mark.parametrize("suffix", [".MP4", ".avi"])
def test_another_suffix_changes_nothing_but_the_path(name, suffix, tmp_path):
    plain = get_reader(name).read(trees_video.TREES[name](tmp_path / "plain"))
    root = trees_video.TREES[name](tmp_path / "other")
    for path in sorted(root.rglob("*.mp4")):
        path.rename(path.with_suffix(suffix))
    other = get_reader(name).read(root)
    assert [record(clip) for clip in other.clips] == [record(clip) for clip in plain.clips]
    assert (other.absent, strays(root, other)) == ([], [])


def test_the_folder_an_archive_puts_around_it_changes_nothing_but_the_path(name, tmp_path):
    plain = get_reader(name).read(trees_video.TREES[name](tmp_path / "plain"))
    trees_video.TREES[name](tmp_path / "download" / "unpacked")
    inner = get_reader(name).read(tmp_path / "download")
    assert [record(clip) for clip in inner.clips] == [record(clip) for clip in plain.clips]


@pytest.mark.parametrize("name", sorted(set(NAMES) - FILED_BY_THE_RELEASE))
def test_an_inserted_videos_folder_changes_nothing_but_the_path(name, tmp_path):
    plain = get_reader(name).read(trees_video.TREES[name](tmp_path / "plain"))
    moved = get_reader(name).read(trees_video.insert_videos(trees_video.TREES[name](tmp_path / "moved")))
    assert [record(clip) for clip in moved.clips] == [record(clip) for clip in plain.clips]
    assert moved.absent == []


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"celebdf", "celebdf1", "celebdfpp"}))
def test_no_real_footage_stands_in_two_splits(found):
    # DeepfakeBench's rearrange.py puts the reals of DFD, DeeperForensics and UADFV into every split
    splits = defaultdict(set)
    for clip in found.clips:
        splits[clip.pair or clip.key].add(clip.split)
    assert all(len(sides) == 1 for sides in splits.values())


def test_another_release_is_refused_in_words(name, tmp_path):
    trees_video.touch(tmp_path / "other", "something/else.mp4")
    with pytest.raises(FacefakeError) as caught:
        get_reader(name).read(tmp_path / "other")
    assert caught.value.code == "dataset_not_found"
