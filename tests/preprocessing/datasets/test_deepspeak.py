import pytest

from preprocessing.datasets import get_reader
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees_video
from tests.preprocessing.datasets.trees_video import touch, write

LIST = "annotations-split-def.csv"


def read(name, root):
    return get_reader(name).read(root)


def facts(found):
    return {clip.key: (clip.method, clip.label, clip.split, clip.pair, clip.identities) for clip in found.clips}


def test_names_of_v1_tell_method_people_and_the_list_the_split_of_the_person_shown(tmp_path):
    assert facts(read("deepspeak", trees_video.deepspeak(tmp_path))) == {
        "87-0.mp4": ("real", 0, "train", "87", ("87",)),
        "11-4897.mp4": ("real", 0, "test", "11", ("11",)),
        "10-4100.mp4": ("real", 0, "train", "10", ("10",)),
        "facefusion--10-11--4100-4897--0.mp4": ("face-swap-facefusion", 1, "test", "11", ("11", "10")),
        "facefusion_gan--11-10--4897-4100--0.mp4": ("face-swap-facefusion_gan", 1, "train", "10", ("10", "11")),
        "wav2lip--10-87--4100-0--0.mp4": ("lip-sync-wav2lip", 1, "train", "87", ("87", "10")),
    }


def test_people_of_v2_are_those_of_its_list(tmp_path):
    assert facts(read("deepspeak2", trees_video.deepspeak2(tmp_path))) == {
        "87-0.mp4": ("real", 0, "train", "87", ("87",)),
        "11-4897.mp4": ("real", 0, "test", "11", ("11",)),
        "10-4100.mp4": ("real", 0, "train", "10", ("10",)),
        "diff2lip-4100-0-playht.mp4": ("lip-sync-diff2lip", 1, "train", "87", ("87", "10")),
        "facefusion-4100-4897-real.mp4": ("face-swap-facefusion", 1, "test", "11", ("11", "10")),
        "memo-0-4897-elevenlabs.mp4": ("avatar-memo", 1, "test", "11", ("11", "87")),
    }


@pytest.mark.parametrize("name", ["deepspeak", "deepspeak2"])
def test_files_and_lists_may_lie_anywhere_and_the_keys_stay(name, tmp_path):
    plain = trees_video.TREES[name](tmp_path / "plain")
    moved = tmp_path / "moved"
    for number, path in enumerate(sorted(path for path in plain.rglob("*") if path.is_file())):
        place = moved / f"release/{number}/x" if path.suffix != ".csv" else moved / ".official_files"
        place.mkdir(parents=True, exist_ok=True)
        (place / path.name).write_bytes(path.read_bytes())
    assert facts(read(name, moved)) == facts(read(name, plain))


def test_a_fake_that_its_list_does_not_name_has_no_split_and_is_said(tmp_path):
    touch(trees_video.deepspeak2(tmp_path), "latentsync-1-2-real.mp4")
    found = read("deepspeak2", tmp_path)
    assert facts(found)["latentsync-1-2-real.mp4"] == ("lip-sync-latentsync", 1, None, None, ())
    assert any(note.startswith("1 fakes are in no annotations-fake.csv") for note in found.notes)


def test_a_listed_video_that_is_not_there_is_absent(tmp_path):
    root = trees_video.deepspeak2(tmp_path)
    (root / "data/1/memo-0-4897-elevenlabs.mp4").unlink()
    write(root, "annotations-real.csv", "video-file,identity\n87-0.mp4,87\n87-1.mp4,87\n")
    assert [(clip.key, clip.method, clip.split) for clip in read("deepspeak2", root).absent] == [
        ("87-1.mp4", "real", "train"),
        ("memo-0-4897-elevenlabs.mp4", "avatar-memo", "test"),
    ]


def test_what_others_have_cut_out_of_the_videos_is_no_clip(tmp_path):
    root = touch(trees_video.deepspeak(tmp_path), "features/87-0/cropped_video.mp4", "copy/87-0.mp4")
    found = read("deepspeak", root)
    assert len(found.clips) == 6
    assert not any("cropped" in clip.key for clip in found.clips)
    assert "1 videos lie here more than once by their names; the first of each is taken" in found.notes


def test_without_the_split_list_nothing_has_a_split_and_a_note_says_so(tmp_path):
    root = trees_video.deepspeak(tmp_path)
    (root / LIST).unlink()
    found = read("deepspeak", root)
    assert {clip.split for clip in found.clips} == {None}
    assert found.notes == [f"there is no {LIST}: nothing has a split"]


def test_people_whom_the_split_list_does_not_name_have_no_split(tmp_path):
    root = trees_video.deepspeak(tmp_path)
    write(root, LIST, ",identity,split\n0,87, Train\n1,11,test\n")
    found = read("deepspeak", root)
    assert {clip.split for clip in found.clips if clip.pair == "10"} == {None}
    assert {clip.split for clip in found.clips if clip.pair == "87"} == {"train"}
    assert found.notes == [f"{LIST} does not name 1 people: their videos have no split"]


@pytest.mark.parametrize(("name", "other"), [("deepspeak", "deepspeak2"), ("deepspeak2", "deepspeak")])
def test_one_release_is_not_taken_for_the_other(name, other, tmp_path):
    trees_video.TREES[other](tmp_path)
    with pytest.raises(FacefakeError, match=f"a fake of {other}") as caught:
        read(name, tmp_path)
    assert (caught.value.code, f"--dataset {other}" in caught.value.hint) == ("dataset_not_found", True)


@pytest.mark.parametrize(
    ("text", "words"),
    [("identity,split\n87,dev\n", "'dev'"), ("person,split\n87,test\n", "no column identity")],
)
def test_a_split_is_never_guessed(text, words, tmp_path):
    write(trees_video.deepspeak(tmp_path), LIST, text)
    with pytest.raises(FacefakeError, match=words) as caught:
        read("deepspeak", tmp_path)
    assert caught.value.code == "labels_invalid"


def test_two_lists_of_one_name_that_differ_are_refused(tmp_path):
    write(trees_video.deepspeak(tmp_path), f"other/{LIST}", "identity,split\n87,test\n")
    with pytest.raises(FacefakeError, match="differs from") as caught:
        read("deepspeak", tmp_path)
    assert caught.value.code == "labels_invalid"
