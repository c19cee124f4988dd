import pytest

from preprocessing.datasets.lists import files_below, files_named, read_json, read_names, read_rows, videos_below
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets.trees import touch


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_may_be_short_or_long_and_start_with_a_mark(tmp_path):
    rows = read_rows(written(tmp_path / "l.csv", "\ufefffilename,label\na.mp4\n b.mp4 , 1 ,more,cells\n"), "filename")
    assert rows == [{"filename": "a.mp4", "label": ""}, {"filename": "b.mp4", "label": "1"}]


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(FacefakeError, match="no column label and split") as caught:
        read_rows(written(tmp_path / "l.csv", "filename\na.mp4\n"), "filename", "label", "split")
    assert caught.value.code == "labels_invalid"


def test_names_are_one_a_line_however_the_lines_end(tmp_path):
    (tmp_path / "names.txt").write_bytes(b"a b.mp4\r\n\r\n  c.mp4\n")
    assert read_names(tmp_path / "names.txt") == ["a b.mp4", "c.mp4"]


@pytest.mark.parametrize("read", [read_json, read_rows, read_names])
@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_what_is_no_text_or_not_there_is_an_error_in_words(tmp_path, read, content):
    path = tmp_path / "list"
    if content:
        path.write_bytes(content)
    with pytest.raises(FacefakeError, match="cannot be read") as caught:
        read(path)
    assert caught.value.code == "labels_invalid"


def test_videos_are_found_at_any_depth_by_any_suffix_and_case(tmp_path):
    touch(tmp_path, "in/b.MOV", "in/deep/er/a ü.mp4", "in/notes.txt", "in/.hidden/c.mp4", "in/.d.mp4", "out/e.mp4")
    assert [key for _, key in videos_below(tmp_path, "in")] == ["in/b.MOV", "in/deep/er/a ü.mp4"]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert list(files_below(tmp_path / "nowhere")) == []


TEXT = "Celeb-real/a ü.mp4\n\nb.mp4  \n"
AS_SAVED = {
    "UTF-8": TEXT.encode(),
    "UTF-8 with a mark": TEXT.encode("utf-8-sig"),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "UTF-16 without a mark, big end first": TEXT.encode("utf-16-be"),
    "UTF-32": TEXT.encode("utf-32"),
    "Windows": TEXT.replace("\n", "\r\n").encode(),
    "PowerShell": TEXT.replace("\n", "\r\n").encode("utf-16"),
    "old Macintosh": TEXT.replace("\n", "\r").encode(),
}


@pytest.mark.parametrize("saved", AS_SAVED)
def test_a_list_is_the_same_whatever_program_saved_it(tmp_path, saved):
    (tmp_path / "list").write_bytes(AS_SAVED[saved])
    assert read_names(tmp_path / "list") == ["Celeb-real/a ü.mp4", "b.mp4"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_tables_and_json_are_too(tmp_path, encoding, end):
    table = end.join(("filename, label", "a ü.mp4,1", "", ",", "b.mp4,0 ")) + end
    (tmp_path / "l.csv").write_bytes(table.encode(encoding))
    assert read_rows(tmp_path / "l.csv", "filename", "label") == [
        {"filename": "a ü.mp4", "label": "1"},
        {"filename": "b.mp4", "label": "0"},
    ]
    (tmp_path / "l.json").write_bytes(end.join(("{", '"a ü.mp4": {"label": "FAKE"}', "}")).encode(encoding))
    assert read_json(tmp_path / "l.json") == {"a ü.mp4": {"label": "FAKE"}}


@pytest.mark.parametrize("content", [b"a.mp4\xff\n", b"a\0.mp4\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
def test_what_is_neither_encoding_is_refused(tmp_path, content):
    (tmp_path / "list").write_bytes(content)
    with pytest.raises(FacefakeError, match="cannot be read as text in UTF-8 or UTF-16") as caught:
        read_names(tmp_path / "list")
    assert caught.value.code == "labels_invalid"


def test_a_name_means_the_file_that_differs_in_case_and_suffix_alone(tmp_path):
    there = [(tmp_path / name, f"in/{name}") for name in ("A.MP4", "b.avi", "c.mp4", "C.avi", "D.mov", "D.mkv")]
    assert files_named(["in/a.mp4", "in/b.mp4", "in/c.mp4", "in/d.mp4"], there) == {
        "in/a.mp4": tmp_path / "A.MP4",
        "in/b.mp4": tmp_path / "b.avi",
        "in/c.mp4": tmp_path / "c.mp4",
    }


def test_one_file_is_not_two_listed_names(tmp_path):
    assert files_named(["x.mp4", "X.mp4"], [(tmp_path / "x.avi", "x.avi")]) == {}
