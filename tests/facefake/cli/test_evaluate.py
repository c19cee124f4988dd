import csv
import hashlib
import json
import shutil
from types import SimpleNamespace

import pytest

from facefake.cli import main
from tests.clips import numbered_frame, write_video
from tests.facefake.cli.conftest import command
from tests.preprocessing.datasets import crop_trees

SUITE = """
about: Four clips.
frames: uniform:4
anchors: true
sets:
  - {{dataset: folder, splits: [val, test], data: {videos}, in_domain: true}}
  - celebdf:test
corruptions:
  - {{kind: jpeg, at: crop, levels: [60, 10]}}
  - {{kind: blur, at: frame, levels: [3]}}
"""
SCORED = ["folder.json", "folder.crop-jpeg-60.json", "folder.crop-jpeg-10.json", "folder.frame-blur-3.json"]


def evaluate(made, *options):
    return command(
        *("evaluate", made.suite, "--detector", made.detector, "--data", made.root / "sets", "--workers", 1),
        *("--store", made.root / "store", "--out", made.out, *options),
    )


@pytest.fixture(scope="module")
def made(run, tmp_path_factory):
    """A small suite, evaluated once."""
    root = tmp_path_factory.mktemp("evaluate")
    (root / "mine.yaml").write_text(SUITE.format(videos=run.videos))
    made = SimpleNamespace(root=root, suite=root / "mine.yaml", out=root / "out", detector=run.detector)
    made.done = evaluate(made)
    made.report = json.loads((made.out / "report.json").read_text())
    return made


def written(made):
    return {name: (made.out / "scores" / name).stat().st_mtime_ns for name in SCORED}


def test_everything_that_is_there_is_scored_and_what_is_not_is_said(made):
    assert made.done.returncode == 0
    assert sorted(path.name for path in (made.out / "scores").iterdir()) == sorted(SCORED)
    place = made.root / "sets" / "celebdf"
    assert f"celebdf was not run: no folder {place}." in made.done.stderr
    assert f"celebdf was not run: no folder {place}." in made.report["notes"]


def test_all_forms_of_the_report_are_written(made):
    assert made.report["coverage"]["videos"] == 4
    assert made.report["counts"]["real"] == made.report["counts"]["fake"] == 2
    assert made.report["mean"] is None
    assert made.report["anchors"] == []  # nobody published figures on this set
    assert any("trained on folder" in note for note in made.report["notes"])
    assert "<html" in (made.out / "report.html").read_text()
    assert "jpeg" in (made.out / "report.md").read_text()
    with (made.out / "report.csv").open() as file:
        assert len(list(csv.DictReader(file))) > 10


def test_the_report_tells_how_to_repeat_it(made):
    provenance = made.report["provenance"]
    assert provenance["settings"]["suite"]["corruptions"][0]["levels"] == [60, 10]
    assert provenance["settings"]["recipe"]["sampling"] == "uniform:4"
    assert [item["path"].rsplit("/")[-1] for item in provenance["inputs"]] == SCORED
    assert all(len(item["sha256"]) == 64 for item in provenance["inputs"])


def test_corruptions_have_a_row_each_that_starts_clean(made):
    jpeg, blur = made.report["robustness"]
    assert (jpeg["corruption"], jpeg["at"], jpeg["dataset"]) == ("jpeg", "crop", "folder")
    assert [level["name"] for level in jpeg["levels"]] == ["clean", "60", "10"]
    assert (blur["corruption"], blur["at"]) == ("blur", "frame")
    for row in (jpeg, blur):
        assert row["levels"][0]["auc"] == made.report["video"]["auc"]
        assert all(level["coverage"]["videos"] == 4 for level in row["levels"])


def test_frames_get_a_store_for_each_level_and_crops_share_the_clean_one(made):
    assert sorted(path.name for path in (made.root / "store").iterdir()) == ["folder", "folder-blur-3"]
    recipe = json.loads((made.root / "store" / "folder-blur-3" / "recipe.json").read_text())
    assert recipe["corruption"] == "blur:3"


def test_scores_fall_apart_with_the_picture(made):
    scores = {}
    for name in SCORED:
        document = json.loads((made.out / "scores" / name).read_text())
        scores[name] = [result["score"] for result in document["results"]]
    assert len({tuple(each) for each in scores.values()}) == len(SCORED)


def test_a_second_run_scores_nothing_again(made):
    before = written(made)
    done = evaluate(made)
    assert done.returncode == 0
    assert done.stderr.count("scored before") == len(SCORED)
    assert written(made) == before
    again = json.loads((made.out / "report.json").read_text())
    assert again["robustness"] == made.report["robustness"]
    assert again["video"] == made.report["video"]


def test_scores_that_are_damaged_or_made_otherwise_are_made_anew(made):
    target = made.out / "scores" / "folder.crop-jpeg-10.json"
    whole = target.read_bytes()
    target.write_bytes(whole[: len(whole) // 2])
    before = written(made)
    done = evaluate(made)
    assert done.stderr.count("scored before") == len(SCORED) - 1
    assert target.read_bytes() == whole
    done = evaluate(made, "--no-abstain")
    assert "scored before" not in done.stderr
    after = written(made)
    assert all(after[name] > before[name] for name in SCORED)


def test_a_replaced_file_is_scored_again_and_never_by_its_old_score(run, tmp_path):
    videos = tmp_path / "videos"
    shutil.copytree(run.videos, videos)
    real, fake = sorted((videos / "test").glob("*.mp4"))
    made = SimpleNamespace(root=tmp_path, suite=tmp_path / "s.yaml", out=tmp_path / "out", detector=run.detector)
    made.suite.write_text(f"frames: uniform:4\nsets: [{{dataset: folder, splits: [test], data: {videos}}}]\n")
    results = []
    for content in (real.read_bytes(), next((videos / "train").glob("*.mp4")).read_bytes()):
        real.write_bytes(content)
        evaluate(made)
        document = json.loads((made.out / "scores" / "folder.json").read_text())
        results.append({result["clip"]: result for result in document["results"]})
        assert results[-1][f"test/{real.name}"]["sha256"] == hashlib.sha256(content).hexdigest()
    old, new = results
    assert old[f"test/{real.name}"]["score"] != new[f"test/{real.name}"]["score"]
    assert old[f"test/{fake.name}"]["score"] == new[f"test/{fake.name}"]["score"]


def test_a_set_that_fails_does_not_stop_the_others(made, run, tmp_path):
    (tmp_path / "empty").mkdir()
    dfdc = tmp_path / "dfdc"
    (dfdc / "dfdc_train_part_0").mkdir(parents=True)
    shutil.copy(run.videos / "test" / "clip-000.mp4", dfdc / "dfdc_train_part_0" / "a.mp4")
    (dfdc / "dfdc_train_part_0" / "metadata.json").write_text('{"a.mp4": {"label": "REAL", "split": "train"}}')
    suite = tmp_path / "suite.yaml"
    suite.write_text(
        f"frames: uniform:4\nsets: [{{dataset: celebdf, data: {tmp_path / 'empty'}}}, "
        f"{{dataset: folder, splits: [test], data: {run.videos}}}, {{dataset: dfdc, splits: [test], data: {dfdc}}}]\n"
    )
    done = command(
        *("evaluate", suite, "--detector", run.detector, "--store", made.root / "store", "--out", tmp_path / "out")
    )
    assert done.returncode == 1
    assert "celebdf failed [dataset_not_found]" in done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert list(report["datasets"]) == ["folder"]
    assert report["notes"][0] == f"dfdc was not run: no test clips in {dfdc}."
    assert "celebdf failed" in report["notes"][1]


def test_a_set_of_face_crops_is_scored_where_the_suite_says_so_and_has_no_frames_to_corrupt(run, tmp_path):
    crop_trees.wilddeepfake(tmp_path / "sets" / "wilddeepfake")
    suite = tmp_path / "suite.yaml"
    suite.write_text(
        "sets: [{dataset: wilddeepfake, splits: [test], foreign_crops: true}]\n"
        "corruptions: [{kind: blur, levels: [2]}, {kind: blur, at: crop, levels: [2]}]\n"
    )
    done = command(
        *("evaluate", suite, "--detector", run.detector, "--data", tmp_path / "sets", "--store", tmp_path / "store"),
        *("--out", tmp_path / "out", "--no-abstain"),
    )
    assert done.returncode == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["coverage"]["scored"] == report["coverage"]["videos"] == 8
    assert [(row["corruption"], row["at"]) for row in report["robustness"]] == [("blur", "crop")]
    assert "wilddeepfake was not run under blur at the frame: it has only crops." in report["notes"]
    assert any(note.startswith("wilddeepfake: Foreign crops") for note in report["notes"])


def test_a_listed_clip_that_has_come_since_is_scored(run, tmp_path):
    part = tmp_path / "sets" / "dfdc" / "dfdc_train_part_0"
    part.mkdir(parents=True)
    shutil.copy(run.videos / "test" / "clip-000.mp4", part / "a.mp4")
    listed = {name: {"label": label, "split": "train"} for name, label in (("a.mp4", "REAL"), ("b.mp4", "FAKE"))}
    (part / "metadata.json").write_text(json.dumps(listed))
    suite = tmp_path / "suite.yaml"
    suite.write_text("frames: uniform:4\nabstain: false\nsets: [dfdc]\n")
    options = ("--data", tmp_path / "sets", "--store", tmp_path / "store", "--out", tmp_path / "out")
    assert command("evaluate", suite, "--detector", run.detector, *options).returncode == 3
    shutil.copy(run.videos / "test" / "clip-001.mp4", part / "b.mp4")
    assert command("evaluate", suite, "--detector", run.detector, *options).returncode == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["coverage"]["scored"], report["coverage"]["missing"]) == (2, 0)


def test_an_out_that_cannot_be_written_is_said_before_anything_is_scored(run, tmp_path):
    (tmp_path / "file").write_text("")
    suite = tmp_path / "suite.yaml"
    suite.write_text(f"sets: [{{dataset: folder, splits: [test], data: {run.videos}}}]\n")
    options = ("--store", tmp_path / "store", "--out", tmp_path / "file")
    done = command("evaluate", suite, "--detector", run.detector, *options)
    assert (done.returncode, "error [not_writable]" in done.stderr) == (2, True)
    assert not (tmp_path / "store").exists()


def test_too_few_scores_have_an_exit_code_of_their_own(run, tmp_path):
    data = tmp_path / "sets" / "folder"
    data.mkdir(parents=True)
    shutil.copy(run.videos / "test" / "clip-000.mp4", data / "a.mp4")
    write_video(data / "nobody.mp4", [numbered_frame(index) for index in range(8)], 8)
    (data / "labels.csv").write_text("path,label\na.mp4,real\nnobody.mp4,fake\n")
    suite = tmp_path / "suite.yaml"
    suite.write_text("frames: uniform:4\nsets: [folder]\n")
    options = ("--data", tmp_path / "sets", "--store", tmp_path / "store", "--out", tmp_path / "out")
    done = command("evaluate", suite, "--detector", run.detector, *options)
    assert done.returncode == 3
    assert "folder: 1 of 2 clips have a score" in done.stderr
    assert command("evaluate", suite, "--detector", run.detector, *options, "--min-coverage", 0.5).returncode == 0


@pytest.mark.parametrize(
    ("suite", "options", "code"),
    [
        ("cross-datasets", (), "config_not_found"),
        ("cross-dataset", ("--dataset", "celebdv"), "suite_invalid"),
        ("cross-dataset", (), "dataset_not_found"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_words(run, tmp_path, monkeypatch, capsys, suite, options, code):
    monkeypatch.chdir(tmp_path)  # where results go unless one says where
    with pytest.raises(SystemExit) as caught:
        main(["evaluate", suite, "--detector", str(run.detector), "--data", str(tmp_path), *options])
    assert caught.value.code == 2
    assert f"error [{code}]" in capsys.readouterr().err
