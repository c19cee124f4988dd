"""What holds of every set of pictures that goes by lists, and of the helpers they share."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.clip import Clip
from preprocessing.datasets import get_reader
from preprocessing.datasets.base import strays
from preprocessing.datasets.picture_lists import listed_key, once_each
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import picture_lists

NAMES = ("communityforensics", "drct", "forensichub", "gripunina")


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def root(name, tmp_path):
    return getattr(picture_lists, name)(tmp_path)


@pytest.fixture
def found(name, root):
    return get_reader(name).read(root)


def test_every_picture_is_a_clip(root, found):
    assert found.clips
    assert strays(root, found) == []


def test_keys_are_unique_and_so_are_names_within_a_method(name, found):
    clips = found.clips + found.absent
    assert len({clip.key for clip in clips}) == len(clips) == len({(clip.method, clip.name) for clip in clips})
    assert {clip.dataset for clip in clips} == {name}
    assert get_reader(name).pictures


def test_no_method_is_both_real_and_fake(found):
    reals, fakes = ({clip.method for clip in found.clips if clip.label == label} for label in (0, 1))
    assert reals
    assert fakes
    assert not reals & fakes


def test_a_forgery_is_measured_against_reals_that_exist(name, found):
    reals_of = get_reader(name).reals_of
    reals = {clip.method for clip in found.clips + found.absent if clip.label == 0}
    for clip in found.clips:
        if reals_of and clip.label == 1:
            assert set(reals_of(clip.method)) <= reals


def test_a_folder_of_something_else_is_refused_in_words(name, tmp_path):
    with pytest.raises(FacefakeError) as caught:
        get_reader(name).read(tmp_path)
    assert caught.value.code == "dataset_not_found"


@pytest.mark.parametrize("name", ["../a.png", "x/../../a.png", "/etc/passwd", "", ".", "..\\a.png", "x/..", "a\0.png"])
def test_a_list_names_nothing_outside_the_root(tmp_path, name):
    with pytest.raises(FacefakeError) as caught:
        listed_key(tmp_path, tmp_path / "list.csv", name)
    assert caught.value.code == "labels_invalid"


@given(st.lists(st.sampled_from(["..", ".", "a", "b.png", "", "/", "\\", "root"]), max_size=8).map("/".join))
def test_whatever_a_list_names_lies_below_the_root_or_is_refused(name):
    root = Path("/data/root")
    try:
        key = listed_key(root, root / "lists" / "x.csv", name)
    except FacefakeError:
        return
    assert ".." not in Path(key).parts
    assert not Path(key).is_absolute()
    assert key != "."


def clip(key, label, split=None):
    return Clip(Path(key), key, "toy", "fake" if label else "real", label, split, None, key)


def test_a_picture_in_several_lists_is_one_clip_of_the_strictest_split():
    kept, notes = once_each([clip("a", 1, "train"), clip("b", 0, "train"), clip("a", 1, "test"), clip("c", 0)])
    assert [(each.key, each.split) for each in kept] == [("a", "test"), ("b", "train"), ("c", None)]
    assert notes == [
        "pictures named more than once, counted once: 1",
        "1 clip stands in train and test of the lists; it is kept in test alone",
    ]


def test_a_picture_called_real_and_fake_is_refused():
    with pytest.raises(FacefakeError, match="called real in one place"):
        once_each([clip("a", 1), clip("a", 0)])
