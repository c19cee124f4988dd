"""What holds of label folders wherever they lie."""

import os
from pathlib import Path

import pytest

from preprocessing.clip import FAKE, REAL
from preprocessing.datasets.picture_trees import NATURE, NUMBERED, PLAIN, SYNSETS, Place, find_pictures, label_folders
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets.trees import touch


def labels(root, known=NUMBERED):
    """Label of each picture below label folders, by path."""
    return {
        "/".join((*folder.parts, name)): folder.label for folder in label_folders(root, known) for name in folder.names
    }


def test_label_folders_are_found_at_any_depth_and_pictures_at_any_depth_below(tmp_path):
    touch(tmp_path, "0_real/a.png", "x/1_fake/b.png", "x/y/z/0_real/img/c.jpg", "x/y/z/0_real/d.webp")
    assert labels(tmp_path) == {
        "0_real/a.png": 0,
        "x/1_fake/b.png": 1,
        "x/y/z/0_real/img/c.jpg": 0,
        "x/y/z/0_real/d.webp": 0,
    }


@pytest.mark.parametrize("known", [NUMBERED, PLAIN, NATURE, SYNSETS])
def test_each_release_writes_labels_its_own_way(tmp_path, known):
    touch(tmp_path, *(f"set/{name}/a.png" for name in known))
    assert labels(tmp_path, known) == {f"set/{name}/a.png": label for name, label in known.items()}
    assert set(known.values()) == {REAL, FAKE}


@pytest.mark.parametrize(
    "name", ["1_Fake", "0_REAL", "0_real2", "my_0_real", "real", "fake", "0_real.zip", "n01440764"]
)
def test_only_the_whole_name_cased_as_released_is_a_label(tmp_path, name):
    assert labels(touch(tmp_path, f"set/{name}/a.png")) == {}


def test_real_in_the_name_of_a_generator_is_no_label(tmp_path):
    touch(tmp_path, "real-esrgan/fake/a.png", "surreal/fake/b.png", "fakereal/real/c.png")
    assert labels(tmp_path, PLAIN) == {"real-esrgan/fake/a.png": 1, "surreal/fake/b.png": 1, "fakereal/real/c.png": 0}


def test_the_innermost_label_counts_so_that_a_class_may_be_called_fake(tmp_path):
    touch(tmp_path, "biggan/fake/0_real/a.png", "biggan/fake/1_fake/b.png", "biggan/real/1_fake/c.png")
    assert labels(tmp_path, NUMBERED | PLAIN) == {
        "biggan/fake/0_real/a.png": 0,
        "biggan/fake/1_fake/b.png": 1,
        "biggan/real/1_fake/c.png": 1,
    }


def test_what_is_hidden_empty_or_no_picture_is_passed_over(tmp_path):
    touch(tmp_path, "0_real/.a.png", "0_real/.thumbs/a.png", ".cache/0_real/a.png", "0_real/Thumbs.db", "0_real/a.mp4")
    (tmp_path / "1_fake").mkdir()
    (tmp_path / "0_real" / "folder.png").mkdir()
    (tmp_path / "0_real" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert label_folders(tmp_path, NUMBERED) == []


def test_suffixes_are_known_in_any_case(tmp_path):
    touch(tmp_path, "0_real/a.JPEG", "0_real/b.Png", "0_real/c.HEIC")
    assert sorted(labels(tmp_path)) == ["0_real/a.JPEG", "0_real/b.Png", "0_real/c.HEIC"]


def test_links_to_folders_and_files_are_followed(tmp_path):
    touch(tmp_path, "disc/0_real/a.png", "disc/pool/b.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "biggan").symlink_to(tmp_path / "disc", target_is_directory=True)
    (tmp_path / "disc" / "0_real" / "b.png").symlink_to(tmp_path / "disc" / "pool" / "b.png")
    assert labels(tmp_path / "set") == {"biggan/0_real/a.png": 0, "biggan/0_real/b.png": 0}


def test_a_link_back_to_a_folder_above_is_not_followed_for_ever(tmp_path):
    touch(tmp_path, "set/0_real/a.png")
    (tmp_path / "set" / "0_real" / "again").symlink_to(tmp_path / "set", target_is_directory=True)
    (tmp_path / "set" / "self").symlink_to(".", target_is_directory=True)
    assert labels(tmp_path / "set") == {"0_real/a.png": 0}


def test_two_links_that_lead_to_each_other_are_not_followed_for_ever(tmp_path):
    touch(tmp_path, "set/0_real/a.png", "disc/1_fake/b.png")
    (tmp_path / "set" / "more").symlink_to(tmp_path / "disc", target_is_directory=True)
    (tmp_path / "disc" / "first").symlink_to(tmp_path / "set", target_is_directory=True)
    assert labels(tmp_path / "set") == {"0_real/a.png": 0, "more/1_fake/b.png": 1}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list any folder")
def test_a_folder_that_may_not_be_listed_is_an_error_and_not_a_smaller_set(tmp_path):
    touch(tmp_path, "0_real/a.png", "1_fake/b.png")
    (tmp_path / "1_fake").chmod(0)
    with pytest.raises(FacefakeError, match="1_fake cannot be listed") as caught:
        label_folders(tmp_path, NUMBERED)
    assert caught.value.code == "dataset_not_found"


def find(root):
    """The pictures of ``<generator>/{0_real,1_fake}``, but those in ``junk``, at whatever depth."""
    return find_pictures(
        "toy",
        "<generator>/{0_real,1_fake}",
        NUMBERED,
        lambda names, label: None if "junk" in names else Place("/".join(names[-2:]), names[-2], "test"),
        root,
    )


def test_a_picture_is_a_clip_of_its_own(tmp_path):
    (clip,) = find(touch(tmp_path, "gan/1_fake/a b.png")).clips
    assert (clip.path, clip.key, clip.label) == (tmp_path / "gan/1_fake/a b.png", "gan/1_fake/a b.png", 1)
    assert (clip.dataset, clip.method, clip.split, clip.pair, clip.identities) == ("toy", "gan", "test", None, ())


def test_names_in_a_face_store_are_unique(tmp_path):
    clips = find(
        touch(tmp_path, "gan/1_fake/a b.png", "gan/1_fake/a_b.png", "gan/1_fake/a/b.png", "gan/1_fake/a~b.png")
    ).clips
    assert len({clip.name for clip in clips}) == 4


def test_folders_that_are_no_part_of_a_release_are_named_with_their_pictures(tmp_path):
    found = find(touch(tmp_path, "gan/1_fake/a.png", "junk/1_fake/a.png", "junk/0_real/b.png", "junk/0_real/c.png"))
    assert [clip.key for clip in found.clips] == ["gan/1_fake/a.png"]
    assert found.notes == ["junk/ is no part of the release; pictures left out: 3"]


def test_a_picture_that_lies_there_twice_is_taken_once_and_that_is_said(tmp_path):
    found = find(touch(tmp_path, "copy/gan/1_fake/a.png", "gan/1_fake/a.png", "gan/1_fake/b.png"))
    assert [clip.path for clip in found.clips] == [tmp_path / "copy/gan/1_fake/a.png", tmp_path / "gan/1_fake/b.png"]
    assert found.notes == ["pictures that lie here a second time, by their path as released: 1; the first was taken"]


def test_a_root_without_such_pictures_is_refused_in_words(tmp_path):
    touch(tmp_path, "gan/fakes/a.png", "gan/0_real/notes.txt")
    with pytest.raises(FacefakeError, match=r"no picture that lies as <generator>/\{0_real,1_fake\}") as caught:
        find(tmp_path)
    assert caught.value.code == "dataset_not_found"


def test_label_folders_of_another_layout_are_said_to_be_there(tmp_path):
    with pytest.raises(FacefakeError, match="; pictures in folders so called lie below junk"):
        find(touch(tmp_path, "junk/0_real/a.png"))


def test_the_root_may_be_given_relative_to_where_one_is(tmp_path, monkeypatch):
    touch(tmp_path, "gan/1_fake/a.png")
    monkeypatch.chdir(tmp_path / "gan")
    assert [clip.key for clip in find(Path(".")).clips] == ["gan/1_fake/a.png"]
