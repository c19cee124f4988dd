import csv
import json
import shutil

import pytest

import facefake as package
from facefake import api
from facefake.cli import main
from facefake.demo import make_demo_set
from preprocessing.video import Sampling
from tests.clips import numbered_frame, write_video
from tests.facefake.cli.conftest import command, facefake

TOP = ["schema", "tool", "detector", "settings", "results"]
RESULT = [
    *("path", "sha256", "kind", "via", "status", "verdict", "probability", "score", "reason"),
    *("frames", "video", "people", "error"),
]


def results(document):
    return {result["path"].rsplit("/", 1)[-1]: result for result in document["results"]}


@pytest.fixture(scope="module")
def mixed(run, tmp_path_factory):
    """A good clip among everything that goes wrong, scored in one go."""
    root = tmp_path_factory.mktemp("mixed")
    shutil.copy(run.videos / "test" / "clip-000.mp4", root / "good.mp4")
    write_video(root / "nobody.mp4", [numbered_frame(index) for index in range(8)], 8)
    (root / "empty.mp4").write_bytes(b"")
    (root / "playlist.mp4").write_text("#EXTM3U\n#EXTINF:1,\ngood.mp4\n")
    (root / "cut.mp4").write_bytes((root / "good.mp4").read_bytes()[:200])
    (root / "hollow").mkdir()
    done = facefake(
        *(
            "score",
            root,
            root / "hollow",
            "http://127.0.0.1:9/x.mp4",
            f"concat:{root}/good.mp4|{root}/joined.mp4",
            root / "absent.mp4",
        ),
        *("--detector", run.detector, "--frames", "uniform:6", "--json", "-", "--csv", root / "out.csv"),
    )
    return done, json.loads(done.stdout), root


def test_one_failure_is_exit_code_1_and_every_path_is_accounted_for(mixed):
    done, document, _ = mixed
    assert done.returncode == 1
    assert len(document["results"]) == 9


def test_the_document_has_the_keys_of_schema_1_in_order(mixed):
    _, document, _ = mixed
    assert list(document) == TOP
    assert document["schema"] == 1
    assert all(list(result) == RESULT for result in document["results"])


def test_each_failure_has_its_code_words_and_hint(mixed):
    _, document, _ = mixed
    found = results(document)
    codes = {name: result["error"] and result["error"]["code"] for name, result in found.items()}
    assert codes == {
        "good.mp4": None,
        "nobody.mp4": None,
        "empty.mp4": "empty_file",
        "playlist.mp4": "not_a_video",
        "cut.mp4": "unreadable",
        "hollow": "no_videos",
        "x.mp4": "url_path",
        "joined.mp4": "url_path",
        "absent.mp4": "not_found",
    }
    assert all(len(result["error"]["hint"]) > 10 for result in found.values() if result["error"])


def test_a_face_gets_a_score_and_no_face_gets_none(mixed):
    _, document, _ = mixed
    good, nobody = results(document)["good.mp4"], results(document)["nobody.mp4"]
    assert good["status"] == "scored"
    assert good["verdict"] in ("real", "fake")
    assert len(good["people"]) == 1
    assert len(good["people"][0]["frames"]) == good["frames"]["with_face"] == 6
    assert (nobody["status"], nobody["reason"], nobody["score"], nobody["probability"]) == (
        *("inconclusive", "no_face"),
        *(None, None),
    )


def test_the_csv_has_a_row_for_each(mixed):
    _, document, root = mixed
    with (root / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [result["path"] for result in document["results"]]


def test_python_gives_the_same_answer(mixed, run):
    _, document, root = mixed
    detector = package.load(run.detector, device="cpu")
    recipe = api.recipe_of(detector).with_frames(Sampling("uniform", 6), "auto")
    (result,) = package.score(root / "good.mp4", detector, recipe=recipe)
    assert result.to_dict() | {"path": ""} == results(document)["good.mp4"] | {"path": ""}


def test_a_labelled_set_gets_a_report_the_same_from_files_and_from_the_store(run, tmp_path):
    labels = "path,label\nclip-000.mp4,real\nclip-001.mp4,fake\n"
    (run.videos / "test.csv").write_text(labels)
    done = command(
        *("score", run.videos / "test", "--labels", run.videos / "test.csv", "--detector", run.detector),
        *("--frames", "uniform:4", "--json", tmp_path / "files.json", "--markdown", tmp_path / "report.md"),
    )
    assert done.returncode == 0
    stored = command(
        *("score", "--dataset", "folder", "--data", run.videos, "--store", run.store, "--detector", run.detector),
        *("--frames", "uniform:4", "--json", tmp_path / "store.json"),
    )
    assert stored.returncode == 0
    files, store = (json.loads((tmp_path / name).read_text()) for name in ("files.json", "store.json"))
    assert (files["report"]["coverage"]["videos"], files["report"]["coverage"]["scored"]) == (2, 2)
    assert files["report"]["video"]["auc"]["value"] in (0.0, 0.5, 1.0)
    scores = [[result["score"] for result in document["results"]] for document in (files, store)]
    assert scores[0] == scores[1]
    assert "AUC" in (tmp_path / "report.md").read_text()


def test_a_store_of_another_crop_is_refused(run, tmp_path):
    make_demo_set(tmp_path / "videos", scenes={"test": 1}, frames=3)
    command("extract", tmp_path / "videos", "--out", tmp_path / "store", "--template", "arcface", "--size", 64)
    done = command(
        *("score", "--dataset", "folder", "--data", tmp_path / "videos", "--store", tmp_path / "store"),
        *("--detector", run.detector),
    )
    assert done.returncode == 2
    assert "error [store_recipe_mismatch]" in done.stderr
    assert "geometry" in done.stderr


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "detector_not_found"),
        (b"\x80\x04K\x01.", "detector_pickle"),
        (b"PK\x03\x04 and so on", "detector_pickle"),
        (b"not a detector", "detector_corrupt"),
        (b"", "detector_corrupt"),
    ],
)
def test_what_is_no_detector_is_refused_with_its_code(tmp_path, capsys, content, code):
    path = tmp_path / "detector.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SystemExit) as caught:
        main(["score", str(tmp_path), "--detector", str(path)])
    assert caught.value.code == 2
    assert f"error [{code}]" in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_said_before_anything_is_scored(run, tmp_path):
    (tmp_path / "file").write_text("")
    done = command("score", run.videos, "--detector", run.detector, "--json", tmp_path / "file" / "out.json")
    assert done.returncode == 2
    assert "error [not_writable]" in done.stderr
