"""The JSON and CSV files, with names that strangers chose."""

import csv
import io
import json
import os
from dataclasses import replace

import pytest

from facefake.reporting.csv_file import COLUMNS, CsvResults
from facefake.reporting.json_file import JsonResults, write_json
from facefake.reporting.output import check_output, open_output
from facefake.scoring.result import ClipResult, ErrorFacts, Opinion, PersonResult, Truth, document_head
from facefake.scoring.verdict import FrameCounts
from preprocessing.errors import FacefakeError
from tests.facefake.evaluation.results import write_document

HEAD = document_head({"name": "demo", "sha256": "0", "backbone": "x"}, {"pooling": "mean"})
SCORED = ClipResult(
    path="a.mp4",
    sha256="ab" * 32,
    kind="video",
    status="scored",
    verdict="fake",
    probability=0.97,
    score=0.93,
    frames=FrameCounts(32, 31, 30),
    people=(PersonResult(0, 0.97, 0.93, ()),),
    truth=Truth("a.mp4", "folder", "Deepfakes", "test", 1),
)
FAILED = ClipResult(
    path="b.mp4", sha256=None, kind="video", status="error", error=ErrorFacts("timeout", "Too slow.", "Wait.")
)
HOSTILE = [
    '=HYPERLINK("http://x","y").mp4',
    "@SUM(A1).mp4",
    "+1.mp4",
    "-rf.mp4",
    "line\nbreak.mp4",
    "return\rhere.mp4",
    'quote"comma,.mp4',
    "\x1b[2J\x1b]0;owned\x07.mp4",
    "[bold red]markup[/].mp4",
    "[/nonsense].mp4",
    "abc\u202e4pm.exe.mp4",
    "caf\udce9.mp4",
    "half\ud800.mp4",
    "日本 🎬.mp4",
    "<script>alert(1)</script>|.mp4",
    "nul\\x00.mp4",
    "",
]


def write_csv(path, results):
    with open_output(path) as file:
        table = CsvResults(file)
        for result in results:
            table.add(result)


def test_the_document_is_json_with_the_keys_of_schema_1(tmp_path):
    path = tmp_path / "out.json"
    write_document(path, HEAD, [SCORED, FAILED], report={"video": {}})
    document = json.loads(path.read_text())
    assert list(document) == ["schema", "tool", "detector", "settings", "results", "report"]
    assert [result["path"] for result in document["results"]] == ["a.mp4", "b.mp4"]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_document_without_labels_has_no_report(count):
    file = io.StringIO()
    document = JsonResults(file, HEAD)
    for _ in range(count):
        document.add(SCORED)
    document.close()
    parsed = json.loads(file.getvalue())
    assert len(parsed["results"]) == count
    assert "report" not in parsed


def test_a_document_reads_back_as_it_was(tmp_path):
    document = json.loads(write_document(tmp_path / "out.json", HEAD, [SCORED, FAILED]).read_text())
    assert [ClipResult.from_dict(result) for result in document.pop("results")] == [SCORED, FAILED]
    assert document == HEAD


def test_nan_never_reaches_a_file(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_document(tmp_path / "out.json", HEAD, [replace(SCORED, score=float("nan"))])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_gives_valid_ascii_json(tmp_path, name):
    path = tmp_path / "out.json"
    error = ErrorFacts("not_found", f"{name} is gone", "Look again.")
    write_document(path, HEAD, [replace(SCORED, path=name), replace(FAILED, path=name, error=error)])
    text = path.read_bytes().decode("ascii")
    assert text.isprintable() or set(text) - {"\n"} <= set(map(chr, range(32, 127)))
    document = json.loads(text)
    document["results"][0]["path"].encode("utf-8")  # strict parsers refuse half a character
    if name.encode("utf-8", "ignore").decode() == name:
        assert document["results"][0]["path"] == name


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_one_harmless_row_of_csv(tmp_path, name):
    path = tmp_path / "out.csv"
    write_csv(path, [replace(SCORED, path=name), FAILED])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["scored", "error"]
    assert not rows[0]["path"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert rows[0]["path"].isprintable()
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


def test_csv_columns_and_cells(tmp_path):
    write_csv(tmp_path / "out.csv", [SCORED, FAILED])
    with (tmp_path / "out.csv").open(newline="") as file:
        scored, failed = csv.DictReader(file)
    assert tuple(scored) == COLUMNS
    assert (scored["probability"], scored["score"], scored["label"], scored["method"]) == (
        "0.97",
        "0.93",
        "1",
        "Deepfakes",
    )
    assert (scored["frames_requested"], scored["frames_decoded"], scored["frames_with_face"]) == ("32", "31", "30")
    assert (failed["probability"], failed["label"], failed["error_code"]) == ("", "", "timeout")
    assert failed["error_message"] == "Too slow."


def test_csv_has_both_paths_answers(tmp_path):
    other = Opinion("face", "inconclusive", "inconclusive", None, None, "no_face")
    write_csv(tmp_path / "out.csv", [replace(SCORED, via="image", other=other), SCORED])
    with (tmp_path / "out.csv").open(newline="") as file:
        both, face = csv.DictReader(file)
    answers = ("via", "people", "other_verdict", "other_probability", "other_reason")
    assert [both[name] for name in answers] == ["image", "", "inconclusive", "", "no_face"]
    assert [face[name] for name in answers] == ["face", "1", "", "", ""]


def test_an_interrupted_file_leaves_the_old_one_and_nothing_else(tmp_path):
    path = tmp_path / "out.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), open_output(path) as file:
        raise KeyboardInterrupt(file.write("half"))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_that_is_not_of_writing_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError), open_output(tmp_path / "out.json"):
        raise FileNotFoundError("something else")


def test_a_dash_is_stdout(capsys):
    write_json("-", {"video": None})
    assert json.loads(capsys.readouterr().out) == {"video": None}


def test_folders_on_the_way_are_made(tmp_path):
    write_json(tmp_path / "a" / "b" / "report.json", {})
    assert json.loads((tmp_path / "a" / "b" / "report.json").read_text()) == {}


@pytest.mark.parametrize("target", ["folder", "file/out.json"])
def test_what_cannot_be_written_is_known_at_once(tmp_path, target):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(FacefakeError) as error, open_output(tmp_path / target):
        pytest.fail("the block must not start")
    assert error.value.code == "not_writable"
    with pytest.raises(FacefakeError):
        check_output(tmp_path / target)


def test_asking_whether_it_can_be_written_changes_nothing(tmp_path):
    (tmp_path / "old.html").write_text("old")
    for target in ("old.html", "new.html", os.devnull):
        check_output(tmp_path / target)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.skipif(os.name == "nt", reason="links and devices of POSIX")
def test_a_link_is_kept_and_a_device_is_not_replaced(tmp_path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    write_json(tmp_path / "link.json", {"new": 1})
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text()) == {"new": 1}
    write_json(os.devnull, {})
    assert not os.path.isfile(os.devnull)
