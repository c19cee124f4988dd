from pathlib import Path

import pytest

from preprocessing.datasets.folder import READER, from_paths
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees


@pytest.fixture
def folder(tmp_path):
    return trees.touch(tmp_path / "videos", "a.mp4", "sub/a.mp4", "b.jpg", "notes.txt", ".hidden/c.mp4")


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_videos_and_pictures_are_found_at_any_depth_and_nothing_else(folder):
    assert [clip.key for clip in READER.read(folder).clips] == ["a.mp4", "b.jpg", "sub/a.mp4"]


def test_the_same_name_in_two_folders_gets_two_store_folders(folder):
    assert len({clip.name for clip in READER.read(folder).clips}) == 3


def test_labels_are_words_or_numbers_and_the_rest_stays_unlabelled(folder, tmp_path):
    labels = write(tmp_path / "l.csv", "path,label,split,pair\na.mp4,real,train,p1\nsub/a.mp4,1,,\n")
    clips = {clip.key: clip for clip in READER.read(folder, labels).clips}
    assert [clips[key].label for key in ("a.mp4", "sub/a.mp4", "b.jpg")] == [0, 1, None]
    assert (clips["a.mp4"].split, clips["a.mp4"].pair) == ("train", "p1")


def test_a_table_of_pictures_gives_label_split_and_generator(tmp_path):
    """As others write them: words in capitals, paths of Windows, columns that nobody asked for."""
    root = trees.touch(tmp_path, "a/1.png", "a/2.JPEG", "b/3.webp", "b/4.heic")
    write(
        root / "labels.csv",
        "id,path,label,split,method\n"
        "1,a\\1.png,FAKE,train,dalle3\n2,./a/2.JPEG,REAL,train,imagenet\n3,b/3.webp,Fake,test,\n4,b/4.heic,Real,test,\n",
    )
    assert {clip.key: (clip.label, clip.split, clip.method) for clip in READER.read(root).clips} == {
        "a/1.png": (1, "train", "dalle3"),
        "a/2.JPEG": (0, "train", "imagenet"),
        "b/3.webp": (1, "test", "fake"),
        "b/4.heic": (0, "test", "real"),
    }


def test_a_labels_file_in_the_folder_is_read_unasked(folder):
    write(folder / "labels.csv", "path,label\na.mp4,fake\n")
    assert {clip.key: clip.label for clip in READER.read(folder).clips}["a.mp4"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,label\na.mp4,maybe\n", "line 2 has label 'maybe'"),
        ("path,label\na.mp4,2\n", "line 2 has label '2'"),
        ("path,label\n../a.mp4,real\n", "../a.mp4"),
        ("path,label\na.mp4,real\n./a.mp4,fake\n", "a second time"),
        ("file,label\na.mp4,real\n", "has no column path"),
        ("path,label\na.mp4,real\na.mp4,fake\n", "a second time"),
        ("path,label\nghost.mp4,real\n", "ghost.mp4"),
        ("path,label,split\na.mp4,real,dev\n", "split 'dev'"),
        ("", "no column label and path"),
    ],
)
def test_a_wrong_labels_file_is_refused_in_words(folder, tmp_path, text, words):
    with pytest.raises(FacefakeError) as caught:
        READER.read(folder, write(tmp_path / "l.csv", text))
    assert caught.value.code == "labels_invalid"
    assert words in caught.value.message


def test_an_empty_folder_and_a_missing_one_differ(tmp_path):
    with pytest.raises(FacefakeError) as empty:
        READER.read(tmp_path)
    with pytest.raises(FacefakeError) as missing:
        READER.read(tmp_path / "nowhere")
    assert (empty.value.code, missing.value.code) == ("no_videos", "dataset_not_found")


def test_paths_of_users_may_be_files_and_folders_and_one_empty_folder_stops_nothing(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    named = from_paths([folder / "sub", tmp_path / "empty", Path("http://host/x.mp4")])
    assert [Path(clip.key) for clip in named.clips] == [folder / "sub/a.mp4", Path("http://host/x.mp4")]
    assert [(path, error.code) for path, error in named.refused] == [(tmp_path / "empty", "no_videos")]
