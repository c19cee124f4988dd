"""What holds of every release of whole pictures as a folder tree."""

import pytest

from preprocessing.datasets import get_reader
from preprocessing.datasets.base import strays
from preprocessing.errors import FacefakeError
from preprocessing.releases.check import check
from preprocessing.releases.protocol import Protocol
from tests.preprocessing.datasets.picture_releases import TREES
from tests.preprocessing.datasets.trees import touch


@pytest.fixture(params=TREES)
def name(request):
    return request.param


@pytest.fixture
def root(name, tmp_path):
    return TREES[name](tmp_path / "release")


@pytest.fixture
def found(name, root):
    return get_reader(name).read(root)


def test_every_picture_of_the_release_is_a_clip(root, found):
    assert (found.absent, found.notes, strays(root, found)) == ([], [], [])


def test_clips_are_whole_pictures_of_both_labels_each_its_own_group(name, found):
    assert get_reader(name).pictures
    assert {clip.dataset for clip in found.clips} == {name}
    assert {clip.label for clip in found.clips} == {0, 1}
    assert {clip.pair for clip in found.clips} == {None}


def test_keys_are_unique_and_so_are_the_names_in_a_store(found):
    assert len({clip.key for clip in found.clips}) == len(found.clips)
    assert len({(clip.method, clip.name) for clip in found.clips}) == len(found.clips)


def test_folders_of_keys_hold_one_label_each_for_balanced_draws(found):
    folders = {(clip.key.rsplit("/", 1)[0], clip.label, clip.method, clip.split) for clip in found.clips}
    assert len(folders) == len({folder for folder, *_ in folders})


def test_each_forgery_method_has_reals_of_that_release(name, found):
    reader = get_reader(name)
    reals = {clip.method for clip in found.clips if clip.label == 0}
    fakes = {clip.method for clip in found.clips if clip.label == 1}
    assert not reals & fakes
    if reader.reals_of is not None:
        assert all(set(reader.reals_of(method)) <= reals for method in fakes)
        assert {real for method in fakes for real in reader.reals_of(method)} == reals


def test_official_figures_speak_of_methods_the_reader_knows(name, found):
    reader = get_reader(name)
    if reader.official:
        assert {clip.method for clip in found.clips if clip.label == 0} <= set(reader.reals)
        assert not {clip.method for clip in found.clips if clip.label == 1} & set(reader.reals)
        assert {line.split for line in reader.official} <= {"train", "test"}


def test_check_and_protocol_take_it(name, root, found, tmp_path):
    checked = check(get_reader(name), root, found, quick=True)
    assert checked.sound
    assert checked.strays == []
    protocol = Protocol.of(get_reader(name), found.clips)
    protocol.write(tmp_path / "protocol.csv")
    assert Protocol.read(tmp_path / "protocol.csv") == protocol


def test_strays_are_named_and_misnamed_label_folders_are_no_labels(name, root):
    misnamed = next(path for path in sorted(root.rglob("*")) if path.is_file()).parent
    misnamed.rename(misnamed.with_name(f"{misnamed.name}_old"))
    touch(root, "preview.png")
    found = get_reader(name).read(root)
    left = {path.relative_to(root).as_posix() for path in check(get_reader(name), root, found, quick=True).strays}
    assert "preview.png" in left
    assert any(f"{misnamed.name}_old" in path for path in left)


def test_another_release_is_refused_in_words(name, tmp_path):
    with pytest.raises(FacefakeError, match="holds no picture that lies as") as caught:
        get_reader(name).read(touch(tmp_path, "something/else.png"))
    assert caught.value.code == "dataset_not_found"
