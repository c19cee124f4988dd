import pytest

from preprocessing.datasets.celebdf import READER
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees


def test_one_in_the_official_list_is_real(tmp_path):
    labels = {clip.key: clip.label for clip in READER.read(trees.celebdf(tmp_path)).clips}
    assert labels["YouTube-real/00170.mp4"] == 0
    assert labels["Celeb-synthesis/id1_id0_0007.mp4"] == 1


def test_what_is_listed_is_test_and_the_rest_is_train(tmp_path):
    splits = {clip.key: clip.split for clip in READER.read(trees.celebdf(tmp_path)).clips}
    assert splits["Celeb-real/id1_0007.mp4"] == "test"
    assert splits["Celeb-real/id2_0001.mp4"] == "train"


def test_a_fake_is_paired_with_the_footage_it_shows(tmp_path):
    pairs = {clip.key: clip.pair for clip in READER.read(trees.celebdf(tmp_path)).clips}
    assert pairs["Celeb-synthesis/id1_id0_0007.mp4"] == pairs["Celeb-real/id1_0007.mp4"]


def test_a_list_with_reversed_labels_is_refused(tmp_path):
    trees.celebdf(tmp_path)
    (tmp_path / "List_of_testing_videos.txt").write_text("0 Celeb-real/id1_0007.mp4\n")
    with pytest.raises(FacefakeError, match="Line 1") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "labels_invalid"


def test_a_missing_list_is_named(tmp_path):
    trees.celebdf(tmp_path)
    (tmp_path / "List_of_testing_videos.txt").unlink()
    with pytest.raises(FacefakeError, match=r"List_of_testing_videos\.txt") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "dataset_not_found"


def test_a_listed_clip_that_is_not_there_is_absent(tmp_path):
    trees.celebdf(tmp_path)
    (tmp_path / "YouTube-real/00170.mp4").unlink()
    found = READER.read(tmp_path)
    assert [(clip.key, clip.split, clip.label) for clip in found.absent] == [("YouTube-real/00170.mp4", "test", 0)]
    assert "YouTube-real/00170.mp4" not in {clip.key for clip in found.clips}


def test_an_inserted_videos_folder_leaves_the_keys_as_released(tmp_path):
    plain = [clip.key for clip in READER.read(trees.celebdf(tmp_path / "plain")).clips]
    trees.celebdf(tmp_path / "moved")
    for folder in ("Celeb-real", "YouTube-real", "Celeb-synthesis"):
        inserted = tmp_path / "moved" / folder / "videos"
        inserted.mkdir()
        for path in (tmp_path / "moved" / folder).glob("*.mp4"):
            path.rename(inserted / path.name)
    assert [clip.key for clip in READER.read(tmp_path / "moved").clips] == plain


def test_neither_kind_of_real_footage_is_lost(tmp_path):
    # DeepfakeBench's rearrange.py starts a new dictionary for each folder and so keeps only the last
    reals = {clip.method for clip in READER.read(trees.celebdf(tmp_path)).clips if clip.label == 0}
    assert reals == {"Celeb-real", "YouTube-real"}


def test_the_people_of_a_clip_are_named(tmp_path):
    people = {clip.key: clip.identities for clip in READER.read(trees.celebdf(tmp_path)).clips}
    assert people["Celeb-synthesis/id1_id0_0007.mp4"] == ("id1", "id0")
    assert people["YouTube-real/00170.mp4"] == ()


LISTING = "List_of_testing_videos.txt"


def splits(root):
    return {clip.key: clip.split for clip in READER.read(root).clips}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_the_list_may_have_been_saved_by_any_program(tmp_path, encoding, end):
    root = trees.celebdf(tmp_path)
    expected = splits(root)
    text = (root / LISTING).read_text().replace("\n", f" {end}{end}")
    (root / LISTING).write_bytes(text.encode(encoding))
    assert splits(root) == expected


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_list_makes_no_training_footage_of_test_videos(tmp_path, text):
    root = trees.celebdf(tmp_path)
    (root / LISTING).write_text(text)
    with pytest.raises(FacefakeError, match=rf"{LISTING} is empty") as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


def test_a_list_that_names_nothing_of_a_folder_was_cut_short_and_makes_no_training_footage(tmp_path):
    root = trees.celebdf(tmp_path)
    (root / LISTING).write_text("1 YouTube-real/00170.mp4\n1 Celeb-real/id1_0007.mp4\n")
    found = READER.read(root)
    assert {clip.key: clip.split for clip in found.clips} == {
        "Celeb-real/id1_0007.mp4": "test",
        "Celeb-real/id2_0001.mp4": None,
        "Celeb-synthesis/id1_id0_0007.mp4": None,
        "YouTube-real/00170.mp4": "test",
    }
    (note,) = found.notes
    assert note.startswith(
        f"{LISTING} names no video of Celeb-synthesis, of which there are some here: it was cut short"
    )


def test_a_short_list_that_names_none_of_the_videos_here_is_refused(tmp_path):
    root = trees.celebdf(tmp_path)
    (root / LISTING).write_text(
        "1 YouTube-real/00170.mp4\n1 Celeb-real/id9_0000.mp4\n0 Celeb-synthesis/id1_id0_0007.mp4\n"
    )
    with pytest.raises(FacefakeError, match="names 1 videos of Celeb-real, and none of the 2 that are here") as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


def test_a_list_that_broke_off_is_refused_where_more_is_left_than_there_is_for_training(tmp_path):
    names = [f"YouTube-real/{number:05d}.mp4" for number in range(300)]
    trees.touch(tmp_path, *names)
    (tmp_path / LISTING).write_text("".join(f"1 {name}\n" for name in names[:30]))
    with pytest.raises(FacefakeError, match="leaves over 270, more than the 230") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "labels_invalid"


def test_a_list_that_breaks_off_within_a_name_is_refused(tmp_path):
    root = trees.celebdf(tmp_path)
    (root / LISTING).write_text("1 YouTube-real/00170.mp4\n1 Celeb-real/id1_00")
    with pytest.raises(FacefakeError, match="breaks off") as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


def test_a_short_list_is_said_and_a_full_one_is_not(tmp_path):
    root = trees.celebdf(tmp_path)
    assert READER.read(root).notes == [
        f"{LISTING} names 3 of the 518 test videos of the release; what it does not name is taken for training footage"
    ]
    with (root / LISTING).open("a") as file:
        file.writelines(f"1 YouTube-real/{number:05d}.mp4\n" for number in range(1000, 1515))
    found = READER.read(root)
    assert (found.notes, len(found.absent)) == ([], 515)


def test_part_of_a_download_with_the_whole_list_is_training_footage_where_it_is(tmp_path):
    trees.touch(tmp_path, "YouTube-real/00001.mp4")
    (tmp_path / LISTING).write_text("".join(f"1 YouTube-real/{number:05d}.mp4\n" for number in range(1000, 1518)))
    assert splits(tmp_path) == {"YouTube-real/00001.mp4": "train"}


@pytest.mark.parametrize("suffix", [".MP4", ".avi", ".Mov"])
def test_a_listed_video_by_another_suffix_or_case_is_the_listed_one(tmp_path, suffix):
    plain = READER.read(trees.celebdf(tmp_path / "plain"))
    other = trees.celebdf(tmp_path / "other")
    for path in sorted(other.rglob("*.mp4")):
        path.rename(path.with_name(path.stem.upper() + suffix))
    found = READER.read(other)

    def record(clip):
        return (clip.key, clip.label, clip.split, clip.pair, clip.name, clip.identities)

    assert [record(clip) for clip in found.clips] == [record(clip) for clip in plain.clips]
    assert all(clip.path.suffix == suffix for clip in found.clips)
    assert found.absent == []


def test_the_list_may_be_written_on_another_system(tmp_path):
    root = trees.celebdf(tmp_path)
    expected = splits(root)
    text = (root / LISTING).read_text().replace("/", "\\").replace(".mp4", ".MP4").replace(" ", "\t")
    (root / LISTING).write_text(text)
    assert splits(root) == expected


def test_a_video_of_a_name_that_is_not_the_releases_has_no_split(tmp_path):
    root = trees.touch(trees.celebdf(tmp_path), "Celeb-real/id1_0007 (1).mp4", "Celeb-real/id1_0007_faces.mp4")
    found = READER.read(root)
    assert [clip.key for clip in found.clips if clip.split is None] == [
        "Celeb-real/id1_0007 (1).mp4",
        "Celeb-real/id1_0007_faces.mp4",
    ]
    assert any("names are not the release's" in note for note in found.notes)


def test_a_second_file_of_a_test_video_is_no_training_footage(tmp_path):
    root = trees.touch(trees.celebdf(tmp_path), "YouTube-real/00170.avi", "Celeb-real/ID1_0007.mkv")
    found = READER.read(root)
    assert {clip.key for clip in found.clips if clip.split == "train"} == {"Celeb-real/id2_0001.mp4"}


def test_a_copy_one_folder_deeper_has_the_same_keys(tmp_path):
    plain = splits(trees.celebdf(tmp_path / "plain"))
    trees.celebdf(tmp_path / "unzipped/archive/Celeb-DF-v2")
    (tmp_path / "unzipped/archive/__MACOSX").mkdir()
    assert splits(tmp_path / "unzipped") == plain


def test_two_copies_below_one_folder_are_not_chosen_from(tmp_path):
    for name in ("Celeb-DF-v1", "Celeb-DF-v2"):
        trees.celebdf(tmp_path / name)
    with pytest.raises(FacefakeError) as caught:
        READER.read(tmp_path)
    assert (caught.value.code, caught.value.hint) == ("dataset_not_found", "Give one of Celeb-DF-v1, Celeb-DF-v2.")


@pytest.mark.parametrize("top", ["", "Celeb_V2/"])
def test_a_copy_that_is_split_anew_is_refused_with_what_reads_it(tmp_path, top):
    trees.touch(tmp_path, *(f"{top}{split}/{label}/a.png" for split in ("Train", "Test") for label in ("real", "fake")))
    with pytest.raises(FacefakeError, match="split anew") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "dataset_not_found"
    assert "--dataset aigcdetect" in caught.value.hint
