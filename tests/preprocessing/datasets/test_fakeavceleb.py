import pytest

from preprocessing.datasets.base import select, strays
from preprocessing.datasets.fakeavceleb import READER
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees_video


@pytest.fixture
def root(tmp_path):
    return trees_video.fakeavceleb(tmp_path)


def test_the_label_is_that_of_the_picture(root):
    labels = {clip.method: clip.label for clip in READER.read(root).clips}
    assert labels == {
        "RVRA-real": 0,
        "RVFA-rtvc": 0,  # an untouched picture under a cloned voice
        "FVRA-faceswap": 1,
        "FVRA-wav2lip": 1,
        "FVFA-wav2lip": 1,
        "FVFA-fsgan-wav2lip": 1,
    }


def test_clips_with_only_a_fake_voice_are_taken_by_name_alone(root):
    taken = {clip.method for clip in select(READER.read(root), methods=READER.methods).clips}
    assert "RVFA-rtvc" not in taken
    assert {"RVRA-real", "FVFA-fsgan-wav2lip"} <= taken


def test_the_same_name_in_two_types_of_two_people_stays_four_clips(tmp_path):
    clips = READER.read(trees_video.fakeavceleb(tmp_path, "id00076", "id00166")).clips
    same = [clip for clip in clips if clip.path.name == "00109_id00476_wavtolip.mp4"]
    assert len(same) == len({(clip.method, clip.name) for clip in same}) == 4
    assert {(clip.method, clip.pair) for clip in same} == {
        (method, person) for method in ("FVRA-wav2lip", "FVFA-wav2lip") for person in ("id00076", "id00166")
    }


def test_a_file_listed_twice_is_one_clip_with_its_first_method(root):
    found = READER.read(root)
    assert "FVFA-faceswap-wav2lip" not in {clip.method for clip in found.clips}
    assert len(found.notes) == 1
    assert "names 1 file(s) twice" in found.notes[0]


def test_all_that_was_made_from_a_person_is_one_pair(root):
    assert {clip.pair for clip in READER.read(root).clips} == {"id00076"}


def test_people_are_ids_and_nothing_else_the_list_has_there(root):
    people = {clip.method: clip.identities for clip in READER.read(root).clips}
    assert people["FVFA-fsgan-wav2lip"] == ("id00076", "id04727", "id00166")
    assert people["RVFA-rtvc"] == people["FVRA-faceswap"] == ("id00076",)


def test_listed_and_not_there_is_absent_and_there_and_not_listed_is_a_stray(root):
    folder = root / "RealVideo-RealAudio/Asian (East)/men/id00076"
    (folder / "00109.mp4").rename(folder / "00110.mp4")
    found = READER.read(root)
    assert [(clip.method, clip.label) for clip in found.absent] == [("RVRA-real", 0)]
    assert [path.name for path in strays(root, found)] == ["00110.mp4"]


def test_a_type_nobody_knows_is_refused(root):
    listing = root / "meta_data.csv"
    listing.write_text(listing.read_text().replace("B,RealVideo-FakeAudio", "B,RealVideo-Fakeaudio"))
    with pytest.raises(FacefakeError, match="RealVideo-Fakeaudio") as caught:
        READER.read(root)
    assert caught.value.code == "labels_invalid"


def test_without_its_list_it_is_refused(root):
    (root / "meta_data.csv").unlink()
    with pytest.raises(FacefakeError, match=r"meta_data\.csv") as caught:
        READER.read(root)
    assert caught.value.code == "dataset_not_found"


def test_the_official_figures_add_up_to_the_files_of_the_release():
    counts = {line.method: line.clips for line in READER.official}
    totals = {
        kind: sum(clips for method, clips in counts.items() if method.startswith(kind)) for kind in ("FVRA", "FVFA")
    }
    assert totals == {"FVRA": 9709, "FVFA": 10835}
