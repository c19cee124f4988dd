import json
import os
import shutil
import subprocess
from collections import Counter

import pytest
from PIL import Image

from preprocessing.clip import Clip
from preprocessing.datasets import Found, Official, Reader, get_reader
from preprocessing.releases.check import Count, check, count
from tests.clips import cut, move_index_first, write_video
from tests.crops import png, state, write_crops, write_tar
from tests.preprocessing.datasets import crop_trees, trees, trees_video
from tests.preprocessing.datasets.picture_lists import row, write_table

# what the miniatures hold, counted by hand: real, fake, and how many videos their lists name that are not there
HELD = {
    "celebdf": (3, 1, 0),
    "celebdf1": (3, 1, 0),
    "celebdfpp": (4, 5, 0),
    "deeperforensics": (7, 44, 0),
    "deepfakebench": (3, 12, 0),
    "deepspeak": (3, 3, 0),
    "deepspeak2": (3, 3, 0),
    "df40": (6, 9, 0),
    "dfd": (3, 3, 0),
    "dfdc": (4, 4, 0),
    "dfdcp": (2, 3, 0),
    "fakeavceleb": (2, 4, 0),
    "ffiw": (6, 6, 0),
    "frames": (5, 13, 0),
    "ffpp": (6, 21, 11_975),  # at c23 and at raw, each 1000 of youtube and of five methods are listed
    "uadfv": (2, 2, 0),
    "wilddeepfake": (8, 8, 0),
}
CROPS = {name: getattr(crop_trees, name) for name in ("deepfakebench", "df40", "frames", "wilddeepfake")}
TREES = {**trees_video.TREES, "ffpp": trees.ffpp, **CROPS}


def checked(name, root, **options):
    reader = get_reader(name) if isinstance(name, str) else name
    return check(reader, root, reader.read(root), **options)


def toy(clips, **facts):
    """A reader that finds just these clips."""
    return Reader("toy", "a toy", lambda root: Found(list(clips)), **facts)


def clip(path, **known):
    facts = {"method": "real", "label": 0, "split": "test", "pair": None, "name": path.stem}
    return Clip(path, path.name, "toy", **(facts | known))


@pytest.fixture
def release(tmp_path):
    """The miniature of Celeb-DF with videos that play."""
    root = trees.celebdf(tmp_path / "Celeb-DF-v2")
    for length, path in enumerate(sorted(root.rglob("*.mp4")), start=3):
        write_video(path, frames=length, size=(64, 48))
    return root


REAL, OTHER, YOUTUBE, FAKE = (
    *("Celeb-real/id1_0007.mp4", "Celeb-real/id2_0001.mp4", "YouTube-real/00170.mp4"),
    "Celeb-synthesis/id1_id0_0007.mp4",
)


# ---------------------------------------------------------------- counts


@pytest.mark.parametrize("name", sorted(HELD))
def test_of_each_miniature_it_finds_exactly_what_it_holds(name, tmp_path):
    report = checked(name, TREES[name](tmp_path), quick=True).to_dict()
    real, fake, absent = HELD[name]
    assert report["clips"] == {"real": real, "fake": fake, "unlabelled": 0}
    assert len(report["absent"]) == absent
    assert report["strays"] == report["unlabelled"] == []
    assert report["collisions"] == {}


@pytest.mark.parametrize("name", sorted(HELD))
def test_the_lines_of_a_miniature_add_up_and_an_unlisted_file_is_noticed(name, tmp_path):
    root = TREES[name](tmp_path)
    (root / "no release has this").mkdir()
    (root / "no release has this" / "video.mp4").touch()
    outcome = checked(name, root, quick=True)
    by_method = Counter(clip.method for clip in outcome.clips)
    for method, held in by_method.items():
        lines = [line for line in outcome.counts if line.method == method]
        whole = [line for line in lines if line.split is None and line.official]
        assert sum(line.found for line in whole or lines) == held
    assert [path.name for path in outcome.strays] == ["video.mp4"] or any("no release has" in n for n in outcome.notes)


def test_official_figures_hold_for_each_compression_of_which_anything_is_there(tmp_path):
    clips = [clip(tmp_path / f"{place}.mp4", compression=level) for place, level in enumerate(("c23", "c40", "c40"))]
    lines = count([Official("real", "test", 2), Official("swap", "test", 2)], Found(clips))
    assert lines == [
        Count("real", "test", "c23", 2, 1, 0),
        Count("swap", "test", "c23", 2, 0, 0),
        Count("real", "test", "c40", 2, 2, 0),
        Count("swap", "test", "c40", 2, 0, 0),
    ]
    assert [line.missing for line in lines] == [1, 2, 0, 2]


def test_a_figure_over_all_splits_is_held_against_all_of_them_and_counted_once(tmp_path):
    clips = [clip(tmp_path / f"{split}.mp4", split=split) for split in ("train", "test")]
    reader = Reader(
        "toy", "a toy", lambda root: Found(clips, [clip(tmp_path / "gone.mp4")]), official=(Official("real", None, 5),)
    )
    outcome = checked(reader, tmp_path, quick=True)
    assert outcome.counts == [
        Count("real", None, None, 5, 2, 1),
        Count("real", "train", None, None, 1, 0),
        Count("real", "test", None, None, 1, 1),
    ]
    assert outcome.missing == 3


def test_more_than_the_official_number_is_not_missing_elsewhere(tmp_path):
    clips = [clip(tmp_path / f"{place}.mp4") for place in range(3)]
    lines = count([Official("real", "test", 2), Official("swap", "test", 1)], Found(clips))
    assert [line.missing for line in lines] == [0, 1]


def test_a_method_outside_the_protocol_is_not_missing_until_something_of_it_is_there(tmp_path):
    root = trees.touch(tmp_path, "original_sequences/youtube/c23/videos/000.mp4")
    before = checked("ffpp", root, quick=True)
    assert "FaceShifter" not in {line.method for line in before.counts}
    assert not any(clip.method == "FaceShifter" for clip in before.absent)
    assert any("FaceShifter" in note for note in before.notes), "what is left out is said"
    trees.touch(root, "manipulated_sequences/FaceShifter/c23/videos/000_003.mp4")
    after = checked("ffpp", root, quick=True)
    assert after.missing - before.missing == 999


def test_complete_means_that_nothing_is_missing(tmp_path):
    reader = toy([clip(tmp_path / "a.mp4")], official=(Official("real", "test", 1),))
    assert checked(reader, tmp_path, quick=True).complete
    reader = toy([clip(tmp_path / "a.mp4")], official=(Official("real", "test", 2),))
    assert not checked(reader, tmp_path, quick=True).complete


def test_a_listed_video_is_missing_also_where_there_is_no_figure(tmp_path):
    reader = Reader("toy", "a toy", lambda root: Found([clip(tmp_path / "a.mp4")], [clip(tmp_path / "gone.mp4")]))
    outcome = checked(reader, tmp_path, quick=True)
    assert outcome.counts == [Count("real", "test", None, None, 1, 1)]
    assert (outcome.missing, outcome.complete) == (1, False)


def test_a_listed_video_that_is_absent_is_named(release):
    (release / FAKE).unlink()
    outcome = checked("celebdf", release)
    assert outcome.to_dict()["absent"] == [FAKE]
    line = next(line for line in outcome.counts if (line.method, line.split) == ("Celeb-synthesis", "test"))
    assert (line.official, line.found, line.absent, line.missing) == (340, 0, 1, 340)


def test_files_of_a_related_set_in_the_same_folders_are_said_to_be_its(tmp_path):
    outcome = checked("dfd", trees.ffpp(tmp_path), quick=True)
    assert outcome.strays == []
    assert outcome.notes == ["26 other files here are of ffpp"]


def test_files_without_a_label_are_named(tmp_path):
    trees.touch(tmp_path, "a.mp4", "b.mp4")
    (tmp_path / "labels.csv").write_text("path,label\na.mp4,real\n")
    assert checked("folder", tmp_path, quick=True).to_dict()["unlabelled"] == ["b.mp4"]


# ---------------------------------------------------------------- files


def test_a_release_whose_files_open_is_sound(release):
    seen = []
    outcome = checked("celebdf", release, workers=2, on_clip=seen.append)
    assert outcome.sound
    assert outcome.unreadable == outcome.duplicates == []
    assert [clip.key for clip in seen] == [REAL, OTHER, FAKE, YOUTUBE]


def test_files_that_do_not_open_are_named_with_the_reason(release):
    (release / REAL).write_text("Dear editor,")
    cut(release / OTHER, 0.4)
    (release / FAKE).write_bytes(b"")
    outcome = checked("celebdf", release)
    assert not outcome.sound
    assert {each["clip"]: each["code"] for each in outcome.to_dict()["unreadable"]} == {
        REAL: "not_a_video",
        OTHER: "unreadable",
        FAKE: "empty_file",
    }


def test_a_video_that_opens_but_is_cut_short_is_named(release):
    write_video(release / REAL, frames=60, size=(64, 48), options={"crf": "0"})
    cut(move_index_first(release / REAL), 0.6)
    (outcome,) = checked("celebdf", release).unreadable
    assert (outcome.clip.key, outcome.error.code) == (REAL, "unreadable")
    assert "the file says it has 60 frames" in outcome.error.message


def test_a_mask_that_does_not_open_is_its_clips_trouble(tmp_path):
    root = trees.touch(
        tmp_path,
        "manipulated_sequences/Deepfakes/c23/videos/071_054.mp4",
        "manipulated_sequences/Deepfakes/masks/videos/071_054.mp4",
    )
    write_video(root / "manipulated_sequences/Deepfakes/c23/videos/071_054.mp4", frames=3)
    (outcome,) = checked("ffpp", root).unreadable
    assert (outcome.clip.path.name, outcome.error.code) == ("071_054.mp4", "empty_file")
    assert "masks" in outcome.error.message


def test_pictures_are_opened_too(tmp_path):
    trees.touch(tmp_path, "a.jpg")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    codes = {each.clip.key: each.error.code for each in checked("folder", tmp_path).unreadable}
    assert codes == {"a.jpg": "empty_file", "b.png": "unreadable"}


def test_pictures_in_tables_are_opened_row_by_row(tmp_path):
    rows = [row(0, "COCO"), row(1, "sd", seed=1, image_data=png(1)[:100]), row(1, "sd", seed=2, image_data=b"")]
    write_table(tmp_path / "data/a.parquet", [*rows, row(1, "sd", seed=3)])
    outcome = checked("communityforensics", tmp_path)
    codes = {each.clip.member: each.error.code for each in outcome.unreadable}
    assert codes == {"1": "unreadable", "2": "empty_file"}


def test_released_crops_are_opened_picture_by_picture(tmp_path):
    write_crops(tmp_path / "whole")
    (write_crops(tmp_path / "damaged") / "010.png").write_text("no picture")
    write_tar(tmp_path / "whole.tar.gz", {"whole/1.png": png(1)})
    (tmp_path / "damaged.tar.gz").write_bytes(b"\x1f\x8b no archive")
    folders = [clip(tmp_path / name) for name in ("whole", "damaged")]
    archives = [clip(tmp_path / f"{name}.tar.gz", member=name) for name in ("whole", "damaged")]
    outcome = checked(toy([*folders, *archives]), tmp_path)
    assert {each.clip.key: each.error.code for each in outcome.unreadable} == {
        "damaged": "not_a_video",
        "damaged.tar.gz": "crops_invalid",
    }
    assert "1 of 4 pictures do not open; the first: 010.png" in outcome.unreadable[0].error.message


@pytest.mark.parametrize("name", sorted(CROPS))
def test_the_crops_of_each_miniature_open(name, tmp_path):
    outcome = checked(name, CROPS[name](tmp_path), workers=2)
    assert outcome.sound
    assert outcome.unreadable == []


def test_equal_archives_are_duplicates_whatever_they_hold(tmp_path):
    for name in ("a", "b"):
        write_tar(tmp_path / f"{name}.tar", {"0/1.png": png(1), "1/1.png": png(2)}, mode="w")
    clips = [
        clip(tmp_path / f"{name}.tar", member=member, label=label, name=f"{name}{member}")
        for name, label in (("a", 0), ("b", 1))
        for member in ("0", "1")
    ]
    (duplicate,) = checked(toy(clips), tmp_path).duplicates
    assert str(duplicate) == "a.tar = b.tar (called real and fake)"


def test_the_same_bytes_under_two_names_are_duplicates_and_equal_sizes_are_not(release):
    shutil.copy(release / YOUTUBE, release / "YouTube-real/00171.mp4")
    shutil.copy(release / YOUTUBE, release / "YouTube-real/00172.mp4")
    with (release / "YouTube-real/00172.mp4").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    (duplicate,) = checked("celebdf", release).duplicates
    assert [clip.key for clip in duplicate.clips] == [YOUTUBE, "YouTube-real/00171.mp4"]
    assert (duplicate.contradicts, duplicate.crosses) == (False, True)  # the list has 00170 alone


def test_bytes_that_are_called_real_and_fake_are_not_sound(release):
    shutil.copy(release / REAL, release / "Celeb-synthesis/id5_id6_0001.mp4")
    outcome = checked("celebdf", release)
    assert not outcome.sound
    (duplicate,) = outcome.to_dict()["duplicates"]
    assert duplicate["labels_contradict"]
    assert [(each["clip"], each["label"]) for each in duplicate["clips"]] == [
        (REAL, 0),
        ("Celeb-synthesis/id5_id6_0001.mp4", 1),
    ]


def test_folders_of_equal_pictures_are_duplicates(tmp_path):
    for name, pictures in {"a": [b"1", b"22"], "b": [b"1", b"22"], "c": [b"1", b"23"], "d": [b"1"]}.items():
        (tmp_path / name).mkdir()
        for place, data in enumerate(pictures):
            (tmp_path / name / f"{place}.png").write_bytes(data)
    outcome = checked(toy([clip(tmp_path / name) for name in "abcd"]), tmp_path)
    assert [[clip.key for clip in each.clips] for each in outcome.duplicates] == [["a", "b"]]


def test_empty_files_are_unreadable_and_no_duplicates_of_each_other(release):
    for key in (REAL, OTHER):
        (release / key).write_bytes(b"")
    outcome = checked("celebdf", release)
    assert (len(outcome.unreadable), outcome.duplicates) == (2, [])


def test_quick_looks_into_no_file(release):
    (release / REAL).write_text("Dear editor,")
    shutil.copy(release / REAL, release / FAKE)
    outcome = checked("celebdf", release, quick=True)
    assert outcome.unreadable == outcome.duplicates == []
    assert outcome.quick


def test_nothing_is_written_to_the_data(release):
    before = state(release)
    checked("celebdf", release)
    assert state(release) == before


# ---------------------------------------------------------------- places and splits


def test_clips_that_would_share_a_folder_in_a_store_are_not_sound(tmp_path):
    outcome = checked(toy([clip(tmp_path / "a.mp4"), clip(tmp_path / "b.mp4", name="a")]), tmp_path, quick=True)
    assert outcome.collisions == {"toy/real/a": ["a.mp4", "b.mp4"]}
    assert not outcome.sound


def test_footage_in_two_splits_is_said(tmp_path):
    clips = [clip(tmp_path / f"{split}.mp4", split=split, pair="p") for split in ("train", "test")]
    outcome = checked(toy(clips), tmp_path, quick=True)
    assert [(leak.kind, leak.name) for leak in outcome.leaks] == [("pair", "p")]


def test_a_format_that_tells_the_label_is_said_unless_no_file_is_to_be_opened(tmp_path):
    clips = [clip(tmp_path / f"{number}.png", label=number % 2, method=str(number % 2)) for number in range(24)]
    for each in clips:
        Image.new("RGB", (32, 32), 9).save(each.path, "PNG" if each.label else "JPEG")
    outcome = checked(toy(clips, pictures=True), tmp_path)
    assert [each["kind"] for each in outcome.to_dict()["shortcuts"]] == ["file format"]
    assert outcome.sound
    assert checked(toy(clips), tmp_path, quick=True).shortcuts == []


def test_names_that_are_not_unicode_survive_json(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"\xff.mp4")).touch()
    except OSError:
        pytest.skip("the file system takes only Unicode names")
    report = json.loads(json.dumps(checked("folder", tmp_path).to_dict()))
    assert report["unreadable"][0]["code"] == "empty_file"


# ---------------------------------------------------------------- real data


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "clips"),
    [
        ("ffpp", {"real": 9, "fake": 27, "unlabelled": 0}),
        ("celebdf", {"real": 4, "fake": 4, "unlabelled": 0}),
        ("dfdc", {"real": 0, "fake": 3, "unlabelled": 0}),
    ],
)
def test_the_real_excerpts_are_as_find_counts_them(test_data, name, clips):
    root = test_data / name
    outcome = checked(name, root, workers=2)
    names = subprocess.run(["find", root, "-name", "*.mp4"], capture_output=True, text=True, check=True).stdout
    assert {str(clip.path) for clip in outcome.clips} == set(names.split())
    assert outcome.to_dict()["clips"] == clips
    assert outcome.sound
    assert not outcome.complete
    assert (outcome.duplicates, outcome.strays, outcome.leaks, outcome.unlabelled) == ([], [], [], [])
