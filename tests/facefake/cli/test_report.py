import csv
import json
import subprocess
import sys
from dataclasses import replace

import pytest

from preprocessing.datasets import get_reader
from preprocessing.releases.protocol import Protocol
from tests.facefake.cli.conftest import command
from tests.facefake.evaluation.results import clip, fakes, reals, write
from tests.preprocessing.datasets import trees


@pytest.fixture
def scores(tmp_path):
    return write(tmp_path / "ffpp.json", [*reals(8), *fakes(8)])


@pytest.fixture
def celebdf(tmp_path):
    return trees.celebdf(tmp_path / "celebdf")


def clips_to_score(root):
    found = get_reader("celebdf").read(root)
    return [each for each in [*found.clips, *found.absent] if each.split == "test"]


def report(*args):
    return command("report", *args, "--resamples", 20)


def test_one_file_gives_every_form(tmp_path, scores):
    outputs = {form: tmp_path / "out" / f"report.{form}" for form in ("json", "csv", "markdown", "html")}
    done = report(scores, *(part for form, path in outputs.items() for part in (f"--{form}", path)))
    assert done.returncode == 0
    assert "AUC" in done.stderr
    made = json.loads(outputs["json"].read_text())
    assert (made["schema"], made["video"]["auc"]["value"]) == (2, 1.0)
    assert made["provenance"]["command"][1:3] == ["report", str(scores)]
    assert made["provenance"]["inputs"][0]["path"] == str(scores)
    with outputs["csv"].open() as file:
        assert any(row["metric"] == "auc" and row["value"] for row in csv.DictReader(file))
    assert "AUC" in outputs["markdown"].read_text()
    assert "<svg" in outputs["html"].read_text()


def test_json_to_stdout_is_nothing_but_json(scores):
    done = report(scores, "--json", "-")
    assert json.loads(done.stdout)["kind"] == "report"


def test_files_of_one_detector_are_one_report(tmp_path, scores):
    other = write(tmp_path / "dfdc.json", [*reals(4, dataset="dfdc"), *fakes(4, dataset="dfdc")])
    made = json.loads(report(scores, other, "--json", "-").stdout)
    assert made["kind"] == "report"
    assert list(made["datasets"]) == ["dfdc", "ffpp"]
    assert len(made["provenance"]["inputs"]) == 2


def test_files_of_several_detectors_are_a_comparison(tmp_path, scores):
    other = write(tmp_path / "other.json", [*reals(8, start=0.3), *fakes(7)], sha256="cd" * 32)
    forms = [part for form in ("csv", "markdown", "html") for part in (f"--{form}", tmp_path / f"comparison.{form}")]
    done = report(scores, other, "--json", "-", *forms)
    made = json.loads(done.stdout)
    assert made["kind"] == "comparison"
    assert made["common"] == {
        "videos": 15,
        "left_out": [{"detector": 0, "videos": 1}, {"detector": 1, "videos": 0}],
    }
    assert all((tmp_path / f"comparison.{form}").stat().st_size > 100 for form in ("csv", "markdown", "html"))


def test_too_little_coverage_ends_with_its_own_code_after_everything_is_written(tmp_path):
    hidden = [*reals(90, step=0), *fakes(90, step=0), *reals(2, dataset="dfdc", start=0), *fakes(1, dataset="dfdc")]
    few = write(tmp_path / "s.json", [*hidden, clip("x", 1, 0, status="inconclusive", dataset="dfdc")])
    done = report(few, "--json", tmp_path / "report.json")
    assert done.returncode == 3
    assert "dfdc: 3 of 4 clips have a score (75.0%)" in done.stderr
    assert "ffpp:" not in done.stderr
    assert (tmp_path / "report.json").exists()
    assert report(few, "--min-coverage", 0.75).returncode == 0


def test_the_threshold_comes_from_validation_scores(tmp_path, scores):
    val = write(tmp_path / "val.json", [*reals(4, split="val", method="a"), *fakes(4, split="val", method="b")])
    made = json.loads(report(scores, "--validation", val, "--json", "-").stdout)
    assert made["threshold"] == pytest.approx(0.425)
    assert made["threshold_source"] == "equal error rate on 8 val clips of ffpp (val.json)"
    assert made["provenance"]["inputs"][-1]["path"] == str(val)


def test_a_threshold_from_test_clips_or_another_detector_is_refused(tmp_path, scores):
    done = report(scores, "--validation", scores)
    assert done.returncode == 2
    assert "split_leak" in done.stderr
    val = write(tmp_path / "val.json", reals(4, split="val"), sha256="cd" * 32)
    done = report(scores, "--validation", val)
    assert done.returncode == 2
    assert "protocol_mismatch" in done.stderr
    assert "usage" in report(scores, val, "--validation", val).stderr


def test_filters_choose_data_sets_splits_and_methods(tmp_path):
    several = [
        *reals(3),
        *fakes(3),
        *fakes(3, method="FSGAN"),
        *fakes(3, split="val", method="x"),
        *reals(3, dataset="dfdc"),
    ]
    path = write(tmp_path / "s.json", several)
    made = json.loads(report(path, "--dataset", "ffpp", "--split", "test", "--json", "-").stdout)
    assert list(made["datasets"]) == ["ffpp"]
    assert list(made["per_method"]) == ["Deepfakes", "FSGAN"]
    made = json.loads(
        report(path, "--method", "youtube", "--method", "FSGAN", "--dataset", "ffpp", "--json", "-").stdout
    )
    assert made["coverage"]["videos"] == 6
    assert "split_empty" in report(path, "--dataset", "celebdf").stderr


def test_a_damaged_file_is_an_error_in_words(scores):
    scores.write_text(scores.read_text()[:-200])
    done = report(scores)
    assert done.returncode == 2
    assert "scores_invalid" in done.stderr
    assert "Traceback" not in done.stderr


# scores of other people's code


def foreign(path, clips, score=lambda clip: 0.2 + 0.5 * clip.label):
    path.write_text("key,score\n" + "".join(f"{each.key},{score(each)}\n" for each in clips))
    return path


def test_foreign_scores_make_a_report(tmp_path, celebdf):
    table = foreign(tmp_path / "theirs.csv", clips_to_score(celebdf))
    done = report(table, "--dataset", "celebdf", "--data", celebdf, "--polarity", "fake-high", "--json", "-")
    assert done.returncode == 0
    made = json.loads(done.stdout)
    assert made["video"]["auc"]["value"] == 1.0
    assert made["coverage"]["share"] == 1.0
    assert made["frame"]["auc"] is None
    assert made["splits"] == {"celebdf": {"test": len(clips_to_score(celebdf))}}
    assert made["provenance"]["detector"]["name"] == "theirs"


def test_a_foreign_score_that_lacks_is_missing_and_tells_in_the_exit_code(tmp_path, celebdf):
    clips = clips_to_score(celebdf)
    table = foreign(tmp_path / "theirs.csv", clips[1:])
    done = report(table, "--dataset", "celebdf", "--data", celebdf, "--polarity", "fake-high", "--json", "-")
    assert done.returncode == 3
    made = json.loads(done.stdout)
    assert (made["coverage"]["missing"], made["coverage"]["videos"]) == (1, len(clips))
    assert made["reasons"] == {"no_score": 1}


def test_foreign_polarity_and_data_set_must_be_named(tmp_path, celebdf):
    table = foreign(tmp_path / "theirs.csv", clips_to_score(celebdf))
    done = report(table, "--dataset", "celebdf", "--data", celebdf)
    assert done.returncode == 2
    assert "--polarity" in done.stderr
    done = report(table, "--polarity", "fake-high")
    assert done.returncode == 2
    assert "--protocol" in done.stderr
    done = report(table, "--dataset", "celebdf", "--data", celebdf, "--polarity", "real-high", "--json", "-")
    assert json.loads(done.stdout)["video"]["auc"]["value"] == 0.0


def test_a_table_of_one_data_set_is_not_taken_for_several_nor_for_another(tmp_path, celebdf):
    reader = get_reader("celebdf")
    found = reader.read(celebdf)
    Protocol.of(reader, found.clips).write(tmp_path / "protocol.csv")
    table = foreign(tmp_path / "theirs.csv", found.clips)
    two = ("--dataset", "celebdf", "--dataset", "dfdc", "--data", tmp_path)
    assert "Of which of celebdf, dfdc" in report(table, *two, "--polarity", "fake-high").stderr
    done = report(table, "--protocol", tmp_path / "protocol.csv", "--dataset", "ffpp", "--polarity", "fake-high")
    assert (done.returncode, "error [protocol_mismatch]" in done.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--polarity=real-high", "--protocol=p.csv", "--labels=labels.csv"])
def test_what_is_said_of_foreign_scores_is_not_passed_over_where_there_are_none(scores, option):
    done = report(scores, option)
    assert (done.returncode, "error [usage]" in done.stderr) == (2, True)
    assert option.partition("=")[0] in done.stderr


def test_results_without_labels_are_refused_as_such(tmp_path):
    path = write(tmp_path / "clips.json", [replace(each, truth=None) for each in reals(3)])
    done = report(path)
    assert (done.returncode, "error [labels_missing]" in done.stderr) == (2, True)


def test_a_misspelt_data_set_is_not_left_out_in_silence(scores):
    done = report(scores, "--dataset", "ffpp", "--dataset", "celebd")
    assert done.returncode == 2
    assert "no clips of celebd, only of ffpp" in done.stderr


def test_foreign_scores_are_matched_to_a_protocol_file_alike(tmp_path, celebdf):
    reader = get_reader("celebdf")
    found = reader.read(celebdf)
    Protocol.of(reader, [*found.clips, *found.absent]).write(tmp_path / "protocol.csv")
    table = foreign(tmp_path / "theirs.csv", [*found.clips, *found.absent])
    options = ("--polarity", "fake-high", "--json", "-")
    by_file = json.loads(report(table, "--protocol", tmp_path / "protocol.csv", *options).stdout)
    by_data = json.loads(report(table, "--dataset", "celebdf", "--data", celebdf, *options).stdout)
    assert by_file["protocols"] == by_data["protocols"]
    assert by_file["video"] == by_data["video"]
    assert by_file["splits"] == {"celebdf": {"test": len(clips_to_score(celebdf))}}
    assert any("of other splits" in note for note in by_file["notes"])


def test_ours_and_theirs_are_compared(tmp_path, celebdf):
    clips = clips_to_score(celebdf)
    table = foreign(tmp_path / "theirs.csv", clips)
    mine = [
        clip(each.key.split("/")[1][:-4], each.label, 0.3 + 0.1 * each.label, method=each.method, dataset="celebdf")
        for each in clips
    ]
    scores = write(tmp_path / "ours.json", mine)
    options = ("--dataset", "celebdf", "--data", celebdf, "--polarity", "fake-high", "--json", "-")
    made = json.loads(report(scores, table, *options).stdout)
    assert made["common"]["videos"] == len(clips)
    assert [each["name"] for each in made["detectors"]] == ["detector.safetensors", "theirs"]
    assert made["pairs"][0]["difference"]["value"] == 0.0


def test_no_report_needs_torch(tmp_path, scores):
    code = (
        "import sys; from facefake.cli import main; sys.argv[0] = 'facefake'\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "print([name for name in ('torch', 'cv2', 'facenet_pytorch') if name in sys.modules])"
    )
    arguments = [
        "report",
        str(scores),
        "--resamples",
        "5",
        "--csv",
        str(tmp_path / "r.csv"),
        "--markdown",
        str(tmp_path / "r.md"),
    ]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
