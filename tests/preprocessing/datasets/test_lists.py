import pytest

from preprocessing.datasets.lists import files_below, read_json, read_names, read_rows, videos_below
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
