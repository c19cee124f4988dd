"""The traps of DeepfakeBench's lists, each as a fact that its own way of reading them would fail."""

import json
from collections import Counter

import pytest

from preprocessing.datasets import df40
from preprocessing.datasets.base import strays
from preprocessing.datasets.deepfakebench import LABELS, READER
from preprocessing.errors import FacefakeError
from preprocessing.extract import extract_clip
from preprocessing.recipe import Recipe
from preprocessing.releases.check import check
from preprocessing.releases.leaks import leaks
from preprocessing.video import Sampling
from tests.crops import state, write_crops
from tests.preprocessing.datasets.crop_trees import deepfakebench, entry, ff_folder, write_list


def recipe(rule: str) -> Recipe:
    return Recipe.of_release("deepfakebench", Sampling.parse(rule))


def facts(found):
    return [(clip.key, clip.label, clip.split, clip.pair, clip.method, clip.compression) for clip in found.clips]


def celeb(root, label, folder, videos, split, content=None):
    """Add videos of Celeb-DF to a list's content, with their crops."""
    content = content if content is not None else {}
    for video in videos:
        place = f"Celeb-DF-v2/{folder}/frames/{video}"
        write_crops(root / place, fake=label.endswith("fake"))
        content.setdefault(label, {}).setdefault(split, {})[video] = entry(label, place)
    return content


def test_labels_are_those_of_its_label_dict():
    assert {LABELS[name] for name in ("FF-real", "DFD_real", "CelebDFv2_real", "DFDC_Real", "simswap_Real")} == {0}
    assert {LABELS[name] for name in ("FF-DF", "FF-FH", "DFDCP_FakeB", "UADFV_Fake", "simswap_Fake")} == {1}


def test_its_lists_and_frames_give_labels_splits_methods_and_pairs(tmp_path):
    clips = {clip.key: clip for clip in READER.read(deepfakebench(tmp_path)).clips}
    assert len(clips) == 15
    real, fake = clips[ff_folder("FF-real", "071")], clips[ff_folder("FF-NT", "071_054")]
    assert (real.label, real.split, real.method, real.compression) == (0, "train", "FF-real", "c23")
    assert (fake.label, fake.split, fake.method, fake.compression) == (1, "train", "FF-NT", "c23")
    assert real.pair == fake.pair == "ff/071_054"
    assert leaks(clips.values()) == []


@pytest.mark.parametrize(
    ("prefix", "separator"),
    [
        ("", "/"),
        ("./datasets/", "\\"),
        ("F:/dataset/", "\\"),
        ("/Youtu_Pangu_Security_Public/youtu-pangu-public/zhiyuanyan/deepfakes_detection_datasets/", "/"),
    ],
    ids=["plain", "windows", "drive", "the authors'"],
)
def test_separators_and_folders_of_other_machines_do_not_matter(tmp_path, prefix, separator):
    plain = READER.read(deepfakebench(tmp_path / "plain"))
    other = READER.read(deepfakebench(tmp_path / "other", prefix, separator))
    assert facts(other) == facts(plain)
    assert (other.absent, other.notes) == ([], [])
    assert all(clip.path.is_dir() for clip in other.clips)


def test_the_same_name_in_four_methods_stays_four_clips(tmp_path):
    clips = [clip for clip in READER.read(deepfakebench(tmp_path)).clips if clip.key.endswith("/953_974")]
    # it groups by the folder's own name, so these are one video to it
    assert len({clip.key for clip in clips}) == len({(clip.method, clip.name) for clip in clips}) == 4


def test_frames_are_spread_over_the_video_and_not_its_first_ones(tmp_path):
    folder = ff_folder("FF-DF", "071_054")
    root = deepfakebench(tmp_path)
    write_crops(root / "rgb" / folder, range(64))
    (clip,) = [clip for clip in READER.read(root).clips if clip.key == folder]
    assert [face.frame for face in extract_clip(clip, recipe("uniform:4")).faces] == [0, 21, 42, 63]


def test_val_that_is_test_and_train_that_holds_test_are_told_and_kept_apart(tmp_path):
    content = {}
    for split in ("train", "val", "test"):
        celeb(tmp_path, "CelebDFv2_real", "Celeb-real", ["id1_0007"], split, content)
        celeb(tmp_path, "CelebDFv2_fake", "Celeb-synthesis", ["id1_id0_0007"], split, content)
    celeb(tmp_path, "CelebDFv2_real", "Celeb-real", ["id2_0001"], "train", content)
    write_list(tmp_path, "Celeb-DF-v2", {"Celeb-DF-v2": content})
    found = READER.read(tmp_path)
    assert {clip.key.rsplit("/", 1)[1]: clip.split for clip in found.clips} == {
        "id1_0007": "test",
        "id1_id0_0007": "test",
        "id2_0001": "train",
    }
    assert found.notes == ["2 clips stand in train and val and test of the lists; they are kept in test alone"]


def test_a_fake_of_dfdcp_is_one_pair_with_the_real_it_was_made_from(tmp_path):
    folders = {
        "DFDCP_Real": ["original_videos/1224068/frames/1224068_A_001", "original_videos/1224068/frames/1224068_B_001"],
        "DFDCP_FakeA": ["method_A/1224068/1224068_A/frames/1171020_1224068_A_001"],
        "DFDCP_FakeB": ["method_B/1224068/1224068_A/frames/1171020_1224068_A_001"],
    }
    content = {}
    for label, inner in folders.items():
        names = {f"DFDCP/{each}": each.rsplit("/", 1)[1] for each in inner}
        for folder in names:
            write_crops(tmp_path / folder)
        content[label] = {"test": {name: entry(label, folder) for folder, name in names.items()}}
    write_list(tmp_path, "DFDCP", {"DFDCP": content})
    pairs = Counter(clip.pair for clip in READER.read(tmp_path).clips)
    assert pairs == {"dfdcp/1224068_A_001": 3, "dfdcp/1224068_B_001": 1}


def test_real_videos_its_lists_lost_are_counted_in_a_note(tmp_path):
    # rearrange.py starts the label anew for each folder: of the train videos only the last folder's remain
    content = celeb(tmp_path, "CelebDFv2_real", "YouTube-real", ["00170"], "test")
    celeb(tmp_path, "CelebDFv2_real", "Celeb-real", ["id1_0007"], "train", content)
    for lost in ("00171", "00172"):
        write_crops(tmp_path / "Celeb-DF-v2" / "YouTube-real" / "frames" / lost)
    write_list(tmp_path, "Celeb-DF-v2", {"Celeb-DF-v2": content})
    found = READER.read(tmp_path)
    assert {clip.key.split("/")[1] for clip in found.clips} == {"YouTube-real", "Celeb-real"}
    (note,) = found.notes
    assert "YouTube-real/frames: 2 folders of crops are in no list and left out, e.g. 00171" in note


def test_a_split_that_was_overwritten_by_one_record_is_noted(tmp_path):
    # DFDC: dict["val"] = {"label": ..., "frames": [...]}, where a video's name is missing
    folders = [f"DFDC/test/frames/{name}" for name in ("aaa", "bbb")]
    for folder in folders:
        write_crops(tmp_path / folder)
    test = {folder.rsplit("/", 1)[1]: entry("DFDC_Fake", folder) for folder in folders}
    write_list(
        tmp_path, "DFDC", {"DFDC": {"DFDC_Fake": {"train": {}, "test": test, "val": entry("DFDC_Fake", folders[0])}}}
    )
    found = READER.read(tmp_path)
    assert [(clip.key, clip.split) for clip in found.clips] == [(folder, "test") for folder in folders]
    assert found.notes == ["DFDC.json: entries left out, for they are no videos or lead nowhere: 2"]


def test_one_video_without_frames_or_folder_voids_no_other(tmp_path):
    root = deepfakebench(tmp_path)
    path = root / "dataset_json" / "FaceForensics++.json"
    content = json.loads(path.read_text())
    c23 = content["FaceForensics++"]["FF-DF"]["test"]["c23"]
    gone, empty = ff_folder("FF-DF", "974_953"), "000_003"
    write_list(
        root,
        "FaceForensics++",
        {
            "FaceForensics++": {
                "FF-DF": {"test": {"c23": {"974_953": entry("FF-DF", gone), empty: entry("FF-DF", "x", [])}}}
            }
        },
    )
    write_list(root, "FF-DF", {"FF-DF": {"FF-DF": {"test": {"c23": c23}}}})
    found = READER.read(root)
    assert [clip.key for clip in found.clips] == [ff_folder("FF-DF", "953_974")]
    assert [(clip.key, clip.label, clip.split) for clip in found.absent] == [
        ("FaceForensics++/FF-DF/000_003", 1, "test"),
        (gone, 1, "test"),
    ]


def test_a_listed_frame_that_is_not_there_leaves_the_others(tmp_path):
    root = deepfakebench(tmp_path)
    folder = ff_folder("FF-DF", "071_054")
    (root / "rgb" / folder / "000.png").unlink()
    clips = [clip for clip in READER.read(root).clips if clip.split == "train"]
    frames = {clip.key: [face.frame for face in extract_clip(clip, recipe("spread:32")).faces] for clip in clips}
    assert frames.pop(folder) == [10, 20, 30]
    assert set(map(tuple, frames.values())) == {(0, 10, 20, 30)}


def test_several_lists_that_name_a_video_name_one_clip(tmp_path):
    root = deepfakebench(tmp_path)
    content = json.loads((root / "dataset_json" / "FaceForensics++.json").read_text())["FaceForensics++"]
    for label in ("FF-DF", "FF-F2F"):
        write_list(root, label, {label: {"FF-real": content["FF-real"], label: content[label]}})
    assert len(READER.read(root).clips) == 15


def test_a_label_that_is_not_known_or_contradicts_another_is_refused(tmp_path):
    root = deepfakebench(tmp_path)
    write_list(root, "other", {"other": {"AI_generated": {"test": {"a": entry("AI_generated", "other/a")}}}})
    with pytest.raises(FacefakeError, match="AI_generated") as unknown:
        READER.read(root)
    folder = ff_folder("FF-real", "071")
    write_list(root, "other", {"other": {"FF-DF": {"train": {"071": entry("FF-DF", folder)}}}})
    with pytest.raises(FacefakeError, match=r"calls FaceForensics.*/071 FF-DF, .* FF-real|FF-real, .* FF-DF") as twice:
        READER.read(root)
    assert (unknown.value.code, twice.value.code) == ("labels_invalid", "labels_invalid")


def test_a_path_that_leads_out_is_left_out(tmp_path):
    root = deepfakebench(tmp_path)
    write_list(root, "evil", {"UADFV": {"UADFV_Fake": {"test": {"a": entry("UADFV_Fake", "UADFV/../../../etc")}}}})
    found = READER.read(root)
    assert len(found.clips) == 15
    assert found.notes == ["evil.json: entries left out, for they are no videos or lead nowhere: 1"]


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"a": 3}'])
def test_a_file_that_is_no_list_is_refused(tmp_path, text):
    root = deepfakebench(tmp_path)
    (root / "dataset_json" / "broken.json").write_text(text)
    with pytest.raises(FacefakeError, match=r"broken\.json") as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


def test_without_lists_it_says_what_it_looked_for(tmp_path):
    with pytest.raises(FacefakeError, match="dataset_json/ or preprocessing/dataset_json/") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "dataset_not_found"


def test_lists_of_df40_are_read_too_and_share_the_footage_of_the_sets_it_forged(tmp_path):
    fake, real = "DF40_train/simswap/frames/071_054", ff_folder("FF-real", "071")
    write_crops(tmp_path / fake, fake=True)
    write_crops(tmp_path / real)
    top = {
        "simswap_Fake": {"train": {"071_054": entry("simswap_Fake", f"deepfakes_detection_datasets/{fake}")}},
        "simswap_Real": {"train": {"071": entry("simswap_Real", f"deepfakes_detection_datasets/{real}")}},
    }
    write_list(tmp_path, "simswap_ff", {"simswap_ff": top})
    clips = READER.read(tmp_path).clips
    assert {(clip.key, clip.label, clip.pair) for clip in clips} == {(fake, 1, "ff/071_054"), (real, 0, "ff/071_054")}
    assert set(df40.TOPS) == {"DF40", "DF40_train"}


def test_a_video_of_one_frame_is_that_picture(tmp_path):
    write_crops(tmp_path / "DF40" / "MidJourney" / "fake", [1, 2], fake=True)
    videos = {name: entry("MidJourney_Fake", "DF40/MidJourney/fake", [int(name)]) for name in ("1", "2")}
    write_list(tmp_path, "MidJourney", {"MidJourney": {"MidJourney_Fake": {"test": videos}}})
    clips = READER.read(tmp_path).clips
    assert [clip.key for clip in clips] == ["DF40/MidJourney/fake/001.png", "DF40/MidJourney/fake/002.png"]
    assert [len(extract_clip(clip, recipe("spread:32")).faces) for clip in clips] == [1, 1]


def test_nothing_is_written_and_nothing_is_left_over(tmp_path):
    root = deepfakebench(tmp_path)
    before = state(root)
    found = READER.read(root)
    for clip in found.clips:
        extract_clip(clip, recipe("uniform:2"))
    assert strays(root, found) == []
    assert state(root) == before


def test_listed_frames_that_are_not_there_are_counted_and_said(tmp_path):
    folder = "UADFV/fake/frames/0001_fake"
    write_crops(tmp_path / folder, range(21), fake=True)
    write_crops(tmp_path / "UADFV/real/frames/0001", range(32))
    content = {
        "UADFV_Fake": {"test": {"0001_fake": entry("UADFV_Fake", folder, range(32))}},
        "UADFV_Real": {"test": {"0001": entry("UADFV_Real", "UADFV/real/frames/0001", range(32))}},
    }
    write_list(tmp_path, "UADFV", {"UADFV": content})
    found = READER.read(tmp_path)
    assert {clip.key: (clip.frames_listed, clip.frames_absent) for clip in found.clips} == {
        folder: (32, 11),
        "UADFV/real/frames/0001": (32, 0),
    }
    assert found.notes == [f"11 of 64 listed frames are not there, of 1 clips, e.g. {folder}: 21 of 32 are"]
    outcomes = {clip.key: extract_clip(clip, recipe("uniform:4")) for clip in found.clips}
    assert [(each.outcome, len(each.faces)) for each in outcomes.values()] == [("decode_shortfall", 4), ("ok", 4)]
    assert outcomes[folder].reason == "the release lists 32 frames and 21 of them are there"
    assert not check(READER, tmp_path, found, quick=True).complete


def test_frames_saved_as_another_format_are_there(tmp_path):
    folder = tmp_path / "UADFV/fake/frames/0001_fake"
    write_crops(folder, range(4), fake=True)
    for path in sorted(folder.iterdir()):
        path.rename(path.with_suffix(".jpg"))
    listed = entry("UADFV_Fake", "UADFV/fake/frames/0001_fake", range(4))
    write_list(tmp_path, "UADFV", {"UADFV": {"UADFV_Fake": {"test": {"0001_fake": listed}}}})
    found = READER.read(tmp_path)
    assert ([clip.frames_absent for clip in found.clips], found.notes) == ([0], [])


def test_a_listed_video_whose_folder_is_empty_is_absent(tmp_path):
    root = deepfakebench(tmp_path)
    folder = ff_folder("FF-DF", "071_054")
    for path in (root / "rgb" / folder).iterdir():
        path.unlink()
    assert [clip.key for clip in READER.read(root).absent] == [folder]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_its_lists_may_be_saved_by_any_program(tmp_path, encoding):
    root = deepfakebench(tmp_path)
    expected = facts(READER.read(root))
    path = root / "dataset_json" / "FaceForensics++.json"
    path.write_bytes(path.read_text().encode(encoding))
    assert facts(READER.read(root)) == expected
