import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preprocessing.datasets.forensichub import READER
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets.picture_lists import forensichub, write_json
from tests.preprocessing.datasets.trees import touch


def facts(clips):
    return {clip.key: (clip.label, clip.method, clip.split) for clip in clips}


def test_label_method_and_split_are_those_of_the_lists(tmp_path):
    found = READER.read(forensichub(tmp_path))
    assert facts(found.clips) == {
        "ADM/train/ai/1.png": (1, "ADM", "train"),
        "ADM/train/ai/2.png": (1, "ADM", "train"),
        "ADM/train/nature/1.png": (0, "ADM-real", "train"),
        "ADM/train/nature/2.png": (0, "ADM-real", "train"),
        "ADM/val/ai/3.png": (1, "ADM", "val"),
        "dire/a/1.png": (1, "dire", "test"),
        "dire/b/1.png": (0, "dire-real", "test"),
    }
    assert found.notes == ["meta.json is no list of paths and labels"]


def test_an_absent_picture_counts_from_where_those_that_are_there_do(tmp_path):
    absent = READER.read(forensichub(tmp_path)).absent
    assert facts(absent) == {"ADM/val/nature/3.png": (0, "ADM-real", "val")}


def test_a_list_of_this_machine_and_one_of_windows_lead_to_the_same_files(tmp_path):
    here = facts(READER.read(forensichub(tmp_path / "here", there=str(tmp_path / "here"))).clips)
    windows = facts(READER.read(forensichub(tmp_path / "windows", there="D:\\sets\\GenImage")).clips)
    assert here == windows == facts(READER.read(forensichub(tmp_path / "linux")).clips)


def test_a_relative_path_may_count_from_the_root(tmp_path):
    write_json(touch(tmp_path, "images/1.png") / "lists/test.json", [{"path": "images/1.png", "label": 1}])
    assert facts(READER.read(tmp_path).clips) == {"images/1.png": (1, "lists", "test")}


def test_a_path_that_would_lead_out_from_the_root_counts_from_the_lists_folder(tmp_path):
    root = touch(tmp_path, "1.png", "root/2.png") / "root"
    write_json(root / "lists/test.json", [{"path": "../1.png", "label": 1}, {"path": "../2.png", "label": 0}])
    found = READER.read(root)
    assert (facts(found.clips).keys(), facts(found.absent).keys()) == ({"2.png"}, {"1.png"})


def test_a_bare_name_of_another_machine_is_nobodys_file(tmp_path):
    write_json(touch(tmp_path, "1.png", "2.png") / "test.json", [{"path": "2.png", "label": 0}])
    write_json(tmp_path / "other.json", [{"path": "/mnt/fakes/1.png", "label": 1}])
    assert facts(READER.read(tmp_path).absent) == {"mnt/fakes/1.png": (1, "other", None)}


def test_only_a_whole_word_at_the_end_is_a_split(tmp_path):
    write_json(touch(tmp_path, "1.png") / "latest.json", [{"path": "1.png", "label": 1}])
    assert facts(READER.read(tmp_path).clips) == {"1.png": (1, "latest", None)}


def test_a_list_called_by_its_split_alone_says_fake_and_real(tmp_path):
    listed = [{"path": "1.png", "label": 1}, {"path": "2.png", "label": 0}]
    write_json(touch(tmp_path, "1.png", "2.png") / "train.json", listed)
    fake, real = READER.read(tmp_path).clips
    assert (fake.method, real.method, READER.reals_of("fake")) == ("fake", "real", ("real",))


@pytest.mark.parametrize("label", ["FAKE", "1", True, None, 2, [1], {}])
def test_a_label_that_is_no_zero_or_one_is_refused(tmp_path, label):
    write_json(touch(tmp_path, "1.png") / "test.json", [{"path": "1.png", "label": label}])
    with pytest.raises(FacefakeError, match="known are 0") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "labels_invalid"


@pytest.mark.parametrize("entry", [{"path": "../1.png", "label": 0}, {"label": 0}, "1.png", {"path": 3, "label": 0}])
def test_an_entry_that_leads_nowhere_is_refused(tmp_path, entry):
    write_json(touch(tmp_path, "1.png") / "test.json", [{"path": "1.png", "label": 1}, entry])
    with pytest.raises(FacefakeError) as caught:
        READER.read(tmp_path)
    assert caught.value.code == "labels_invalid"


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["/", "C:", "..", ".", "a", "1.png", "", "\0", "\ud800", "x" * 300]), max_size=6).map(
        "/".join
    )
)
def test_whatever_path_is_listed_it_is_a_file_below_the_root_or_refused(tmp_path, path):
    write_json(touch(tmp_path, "a/1.png") / "test.json", [{"path": "a/1.png", "label": 0}, {"path": path, "label": 0}])
    try:
        found = READER.read(tmp_path)
    except FacefakeError:
        return
    for clip in found.clips + found.absent:
        assert clip.key
        assert ".." not in clip.path.relative_to(tmp_path).parts


def test_json_that_is_cut_short_is_refused(tmp_path):
    (tmp_path / "test.json").write_text('[{"path": "1.png", "la')
    with pytest.raises(FacefakeError, match="cannot be read"):
        READER.read(tmp_path)
