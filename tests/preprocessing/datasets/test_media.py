import os
import socket

import pytest
from PIL import Image

from preprocessing.datasets.media import LeftOut, find_media, is_image, left_out_facts, left_out_sentences
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.store import FaceStore
from preprocessing.video import Sampling
from tests.preprocessing.datasets import trees


@pytest.fixture
def jpeg(tmp_path):
    Image.new("RGB", (32, 32)).save(tmp_path / "x.jpg")
    return (tmp_path / "x.jpg").read_bytes()


@pytest.fixture
def root(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def names(root):
    return [path.relative_to(root).as_posix() for path in find_media(root).files]


def left_out(root):
    return {each.path.relative_to(root).as_posix(): each.reason for each in find_media(root).left_out}


def test_content_decides_where_the_suffix_says_nothing(root, jpeg):
    for name in ("a.jpg", "b.jfif", "c.jpe", "d.jpg_large", "e", "f.mpo", "g.JPG.part"):
        (root / name).write_bytes(jpeg)
    (root / "h.insv").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    (root / "README").write_text("a text")
    assert names(root) == ["a.jpg", "b.jfif", "c.jpe", "d.jpg_large", "e", "f.mpo", "g.JPG.part", "h.insv"]
    assert left_out(root) == {"README": "not_media"}
    assert not is_image(root / "h.insv")
    assert all(is_image(root / name) for name in ("a.jpg", "d.jpg_large", "e"))


def test_a_file_that_is_called_media_is_found_whatever_is_in_it(root):
    (root / "text.mp4").write_text("no video")
    (root / "empty.PNG").touch()
    assert names(root) == ["empty.PNG", "text.mp4"]


def test_sound_and_raw_photographs_are_no_clips_though_their_containers_are(root):
    (root / "song.m4a").write_bytes(b"\0\0\0\x18ftypM4A " + bytes(100))
    (root / "photo.nef").write_bytes(b"MM\0*" + bytes(100))
    assert (names(root), set(left_out(root).values())) == ([], {"not_media"})


def test_every_other_file_is_left_out_with_its_reason(root):
    trees.touch(root, ".DS_Store", ".git/a.png", "._a.mp4", "notes.txt", "empty.dat", "sub/l.csv")
    os.mkfifo(root / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(root / "socket"))
        found = left_out(root)
    assert found == {
        **dict.fromkeys((".DS_Store", ".git", "._a.mp4"), "hidden"),
        **dict.fromkeys(("notes.txt", "sub/l.csv"), "not_media"),
        "empty.dat": "empty",
        **dict.fromkeys(("pipe.mp4", "socket"), "not_a_file"),
    }


def test_a_linked_folder_is_searched_and_a_broken_link_is_a_file_that_fails_alone(root, tmp_path):
    trees.touch(tmp_path, "disk2/z.jpg", "disk2/deep/y.mp4")
    (root / "linked").symlink_to("../disk2")
    (root / "annexed.mp4").symlink_to("/not/mounted.mp4")
    (root / "unmounted").symlink_to("/not/there")
    (root / "loop.png").symlink_to("loop.png")
    (root / "list.csv").symlink_to("/not/there.csv")
    assert names(root) == ["annexed.mp4", "linked/deep/y.mp4", "linked/z.jpg", "loop.png", "unmounted"]
    assert left_out(root) == {"list.csv": "broken_link"}


def test_links_never_go_round_and_each_folder_is_searched_once_under_its_own_path(root, tmp_path):
    trees.touch(tmp_path, "in/a/x.mp4", "other/y.mp4", "above.mp4")
    (root / "a" / "round").symlink_to("..")
    (root / "up").symlink_to("../..")
    (root / "0-again").symlink_to("a")
    (root / "l1").symlink_to("../other")
    (root / "l2").symlink_to("../other")
    (tmp_path / "other" / "back").symlink_to("../in")
    assert names(root) == ["a/x.mp4", "l1/y.mp4"]
    assert left_out(root) == {
        **dict.fromkeys(("a/round", "up", "l1/back"), "loop"),
        **dict.fromkeys(("0-again", "l2"), "seen_already"),
    }


def test_a_link_to_a_file_is_a_file_of_its_own(root, jpeg):
    (root / "a.jpg").write_bytes(jpeg)
    (root / "fake-1").symlink_to("a.jpg")
    assert names(root) == ["a.jpg", "fake-1"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may list any folder")
def test_a_folder_that_cannot_be_listed_is_named(root):
    trees.touch(root, "a.mp4", "closed/b.mp4")
    (root / "closed").chmod(0)
    try:
        assert (names(root), left_out(root)) == (["a.mp4"], {"closed": "unreadable"})
    finally:
        (root / "closed").chmod(0o700)


def test_face_stores_and_runs_are_passed_over_at_any_depth(root, tmp_path):
    trees.touch(root, "a.mp4", "deep/store/folder/fake/a/t0_0.png", "recipe.json", "runs/b/videos/c.mp4")
    (root / "recipe.json").write_text('{"title": "cake", "hash": "browns"}')  # of someone who cooks
    trees.touch(root, "runs/b/detector.safetensors", "runs/b/config.yaml")
    recipe = Recipe(sampling=Sampling.parse("uniform:4"), geometry=CropGeometry())
    for place in (root / "store", tmp_path / "elsewhere"):
        FaceStore.open_or_create(place, recipe)
        trees.touch(place, "folder/fake/a.mp4/t0_0.png")
    (root / "deep" / "store" / "recipe.json").write_bytes((root / "store" / "recipe.json").read_bytes())
    (root / "linked").symlink_to("../elsewhere/folder")
    assert names(root) == ["a.mp4"]
    found = find_media(root).left_out
    assert {each.path.relative_to(root).as_posix() for each in found if each.reason == "face_store"} == {
        *("store", "deep/store", "linked")
    }
    said = left_out_sentences(found, root)
    assert f"{root}/store/ is a face store of facefake and was passed over" in said
    assert f"{root}/runs/b/ is a run folder of facefake and was passed over" in said
    assert said[-1] == f"{root}: 1 left out: 1 not media (.json 1)"


def test_what_is_left_out_is_said_in_one_line_without_the_bytes_of_names(root):
    left = [LeftOut(root / "\x1b[2J\n\udce9.txt", "not_media"), LeftOut(root / "b\udce9\n", "empty")]
    (said,) = left_out_sentences(left, root)
    assert said == f"{root}: 2 left out: 1 not media (.txt 1), 1 empty ({root}/b\\xe9\\n)"
    assert left_out_facts(left)["empty"] == [f"{root}/b\\xe9\n"]


def test_a_folder_that_is_not_there_is_an_error(root):
    with pytest.raises(FacefakeError) as caught:
        find_media(root / "nowhere")
    assert caught.value.code == "dataset_not_found"
