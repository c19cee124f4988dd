import json
from collections import Counter

import pytest

from preprocessing.datasets.base import strays
from preprocessing.datasets.dfdc import READER
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees_video


@pytest.fixture
def root(tmp_path):
    return trees_video.dfdc(tmp_path)


def test_each_set_keeps_all_its_videos(root):
    # DeepfakeBench's rearrange.py overwrites the validation set with each video of the test set
    clips = READER.read(root).clips
    assert Counter((clip.split, clip.label) for clip in clips) == {
        ("train", 0): 2,
        ("train", 1): 2,
        ("val", 0): 1,
        ("val", 1): 1,
        ("test", 0): 1,
        ("test", 1): 1,
    }


def test_one_in_labels_csv_is_fake(root):
    labels = {clip.key: clip.label for clip in READER.read(root).clips}
    assert (labels["test/eeeeeeeeee.mp4"], labels["test/ffffffffff.mp4"]) == (0, 1)


def test_a_fake_is_paired_with_its_original(root):
    pairs = {clip.path.stem[0]: clip.pair for clip in READER.read(root).clips}
    assert pairs["a"] == pairs["b"] == pairs["c"]
    assert pairs["d"] != pairs["c"]
    assert pairs["e"] is None  # of the test set nobody says what was made from what


def place_the_test_set(root, layout):
    listing = "filename,label\neeeeeeeeee.mp4,0\nffffffffff.mp4,1\n"
    as_json = json.dumps({"eeeeeeeeee.mp4": {"is_fake": 0}, "ffffffffff.mp4": {"is_fake": 1}})
    files = {
        "list inside, flat": ("test/labels.csv", listing, "test"),
        "list inside, nested": ("test/labels.csv", listing, "test/3"),
        "list above, flat": ("labels.csv", listing, "test"),
        "list above, nested": ("labels.csv", listing, "test/3"),
        "list above, folder of another name": ("labels.csv", listing, "videos"),
        "metadata inside": ("test/metadata.json", as_json, "test"),
        "metadata above": ("metadata.json", as_json, "test/3"),
    }
    name, text, folder = files[layout]
    trees_video.write(root, name, text)
    return trees_video.touch(root, f"{folder}/eeeeeeeeee.mp4", f"{folder}/ffffffffff.mp4")


@pytest.mark.parametrize(
    "layout",
    [
        *("list inside, flat", "list inside, nested", "list above, flat", "list above, nested"),
        *("list above, folder of another name", "metadata inside", "metadata above"),
    ],
)
def test_the_test_set_has_the_same_keys_however_it_lies(tmp_path, layout):
    found = READER.read(place_the_test_set(tmp_path, layout))
    assert {clip.key: (clip.label, clip.split) for clip in found.clips} == {
        "test/eeeeeeeeee.mp4": (0, "test"),
        "test/ffffffffff.mp4": (1, "test"),
    }
    assert (found.absent, strays(tmp_path, found)) == ([], [])


def test_a_part_may_be_the_root_and_its_keys_stay(root):
    together = {clip.key for clip in READER.read(root).clips}
    alone = READER.read(root / "dfdc_train_part_0").clips
    assert len(alone) == 3
    assert {clip.key for clip in alone} <= together


def test_videos_of_a_part_without_metadata_are_no_clips_and_said_so(root):
    (root / "dfdc_train_part_1/metadata.json").unlink()
    found = READER.read(root)
    assert not [clip for clip in found.clips if "part_1" in clip.key]
    assert [path.name for path in strays(root, found)] == ["dddddddddd.mp4"]
    assert len(found.notes) == 1
    assert "dfdc_train_part_1 holds 1 video(s)" in found.notes[0]


def test_videos_that_are_listed_and_not_there_are_absent_from_their_set(root):
    (root / "test/0/eeeeeeeeee.mp4").unlink()
    (root / "dfdc_train_part_0/bbbbbbbbbb.mp4").unlink()
    assert [(clip.key, clip.label, clip.split) for clip in READER.read(root).absent] == [
        ("dfdc_train_part_0/bbbbbbbbbb.mp4", 1, "train"),
        ("test/eeeeeeeeee.mp4", 0, "test"),
    ]


def test_two_lists_of_one_set_may_agree(root):
    trees_video.write(root, "test/metadata.json", json.dumps({"eeeeeeeeee.mp4": {"label": "REAL"}}))
    assert len(READER.read(root).clips) == 8


def test_two_lists_that_contradict_each_other_are_refused(root):
    trees_video.write(root, "test/metadata.json", json.dumps({"eeeeeeeeee.mp4": {"label": "FAKE"}}))
    with pytest.raises(FacefakeError, match=r"test/eeeeeeeeee\.mp4") as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("labels.csv", "filename,label\neeeeeeeeee.mp4,maybe\n", "'maybe'"),
        ("labels.csv", "name,label\neeeeeeeeee.mp4,1\n", "no column filename"),
        ("test/metadata.json", '{"eeeeeeeeee.mp4": {}}', "'None'"),
        ("test/metadata.json", "{", "cannot be read"),
    ],
)
def test_a_label_is_never_guessed(root, name, text, words):
    trees_video.write(root, name, text)
    with pytest.raises(FacefakeError, match=words) as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


def test_without_any_list_no_label_is_known(tmp_path):
    trees_video.touch(tmp_path, "dfdc_train_part_0/aaaaaaaaaa.mp4")
    with pytest.raises(FacefakeError, match=r"metadata\.json") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "dataset_not_found"


def test_a_sample_of_a_part_has_its_own_place_in_a_store(root):
    sample = {"aaaaaaaaaa.mp4": {"label": "FAKE", "split": "train", "original": "cccccccccc.mp4"}}
    trees_video.write(root, "train_sample_videos/metadata.json", json.dumps(sample))
    trees_video.touch(root, "train_sample_videos/aaaaaaaaaa.mp4")
    twice = [clip for clip in READER.read(root).clips if clip.path.name == "aaaaaaaaaa.mp4"]
    assert len({clip.key for clip in twice}) == len({clip.name for clip in twice}) == 2
    assert len({clip.pair for clip in twice}) == 1


def test_a_part_on_another_disc_is_found_through_its_link(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("disc") / "part"
    (root / "dfdc_train_part_0").rename(elsewhere)
    (root / "dfdc_train_part_0").symlink_to(elsewhere)
    assert "test/eeeeeeeeee.mp4" in {clip.key for clip in READER.read(root).clips}
    assert len([clip for clip in READER.read(root).clips if clip.split == "train"]) == 4


@pytest.mark.data
def test_the_real_excerpt_reads_as_catalogued(test_data):
    found = READER.read(test_data / "dfdc")
    assert [(clip.key, clip.label, clip.split, clip.pair) for clip in found.clips] == [
        ("dfdc_train_part_0/abofeumbvv.mp4", 1, "train", "atvmxvwyns"),
        ("dfdc_train_part_0/abqwwspghj.mp4", 1, "train", "qzimuostzz"),
        ("dfdc_train_part_0/brtujopkby.mp4", 1, "train", "gnmmhlbzge"),
    ]
    assert (found.absent, found.notes) == ([], [])


def without_split(root, folder):
    path = root / folder / "metadata.json"
    entries = json.loads(path.read_text())
    path.write_text(
        json.dumps({name: {k: v for k, v in entry.items() if k != "split"} for name, entry in entries.items()})
    )
    return root


@pytest.mark.parametrize("name", ["dfdc_train_part_0", "part0", "train"])
def test_training_metadata_without_split_is_training_footage_and_keeps_its_pairs(root, name):
    expected = [(clip.path.name, clip.label, clip.split, clip.pair) for clip in READER.read(root).clips]
    (without_split(root, "dfdc_train_part_0") / "dfdc_train_part_0").rename(root / name)
    found = READER.read(root)
    assert sorted((clip.path.name, clip.label, clip.split, clip.pair) for clip in found.clips) == sorted(expected)
    assert f"{name}/aaaaaaaaaa.mp4" in {clip.key for clip in found.clips}


def test_reals_alone_without_split_are_known_by_the_name_of_their_part(root):
    real = next(clip for clip in READER.read(without_split(root, "dfdc_train_part_1")).clips if "dddd" in clip.key)
    assert (real.key, real.split, real.pair) == ("dfdc_train_part_1/dddddddddd.mp4", "train", "dddddddddd")


def test_a_split_that_is_written_wins(root):
    entries = {"zzzzzzzzzz.mp4": {"label": "REAL", "split": "test"}}
    trees_video.write(root, "dfdc_train_part_2/metadata.json", json.dumps(entries))
    trees_video.touch(root, "dfdc_train_part_2/zzzzzzzzzz.mp4")
    clip = next(clip for clip in READER.read(root).clips if "zzzz" in clip.key)
    assert (clip.key, clip.split) == ("test/zzzzzzzzzz.mp4", "test")


@pytest.mark.parametrize("suffix", [".MP4", ".avi"])
def test_files_of_other_case_or_suffix_are_the_listed_ones(root, suffix):
    expected = [(clip.key, clip.split, clip.pair) for clip in READER.read(root).clips]
    for path in sorted(root.rglob("*.mp4")):
        path.rename(path.with_name(path.stem.upper() + suffix))
    found = READER.read(root)
    assert [(clip.key, clip.split, clip.pair) for clip in found.clips] == expected
    assert (found.absent, strays(root, found)) == ([], [])
