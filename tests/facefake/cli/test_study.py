import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import average_precision_score, roc_auc_score

from facefake import api
from facefake.evaluation import picture_scoring
from tests.facefake.cli import picture_sets
from tests.facefake.cli.conftest import command

GENERATORS = {"progan": 30, "glide_50_27": 25, "glide_100_10": 15, "glide_100_27": 20, "dalle3": 8, "faceswap": 12}
TINY = [
    *("--set", "training.backbone.name=tiny-clip", "--set", "training.backbone.weights=random:0"),
    *("--set", "training.trainer.epochs=1", "--set", "training.data.batch_size=4"),
    *("--set", "training.data.val_per_class=6", "--device", "cpu"),
]
SMALLER = {
    "generators": ["training.data.per_class=8", "resamples=20"],
    "strategies": ["per_class=[8]", "seeds=[0]", "resamples=20"],
    "data-size": ["per_class=[4, 8]", "seeds=[0, 1]", "recipes=[image-linear, image-prompt]"],
    "few-shot": ["per_class=[4, 8]", "seeds=[0, 1]", "recipes=[image-linear, image-adapter]"],
    "robustness": ["per_class=[8]", "recipes=[image-linear, image-full]", "resamples=20"],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("studies")
    picture_sets.progan(root / "sets")
    picture_sets.clipping(root / "sets", GENERATORS)
    picture_sets.ufd(root / "sets")
    return SimpleNamespace(sets=root / "sets", work=root / "work", out=root / "out")


def run(place, name, *options, out=None, work=None, overrides=()):
    out = out or place.out / name
    changed = [word for override in overrides for word in ("--set", override)]
    arguments = ("--data", place.sets, "--out", out, "--work", work or place.work, *TINY, *changed, *options)
    done = command("study", name, *arguments)
    done.out = out
    done.report = json.loads((out / "study.json").read_text()) if (out / "study.json").exists() else None
    return done


@pytest.fixture(scope="module", params=SMALLER)
def study(request, place):
    done = run(place, request.param, overrides=SMALLER[request.param])
    assert done.returncode == 0, done.stderr
    done.name = request.param
    return done


def test_each_study_runs_to_its_tables_and_plots(study):
    report, page = study.report, (study.out / "study.html").read_text()
    sizes, kinds = len(report["study"]["per_class"]), len(report["study"]["corruptions"])
    assert not report["failed"]
    assert not report["not_run"]
    plots = 3 + 3 * (sizes > 1) + 2 * kinds  # of generators, over sizes, over levels
    assert page.count('class="plot"') == plots
    assert {row["generator"] for row in report["rows"]} == {*GENERATORS, "glide", "mean", "mean without faceswap"}
    assert {(row["reals"], row["fakes"]) for row in report["rows"] if row["kind"] == "generator"} == {(8, 8)}
    seeds = len(report["study"]["seeds"])
    assert {len(row["seeds"]) for row in report["summary"]} == {seeds}
    for text in ((study.out / "study.md").read_text(), page):
        assert all(name in text for name in ("dalle3", "mean without faceswap", "arXiv:2402.12927"))
    with (study.out / "study.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 * (len(report["rows"]) + (len(report["summary"]) if seeds > 1 else 0))
    assert re.search(r"\| dalle3 \|.*\| 51\.3|\| dalle3 \|.*\| 49\.2", (study.out / "study.md").read_text())


def test_robustness_is_tested_at_every_level(place):
    report = run(place, "robustness", overrides=SMALLER["robustness"]).report
    asked = {f"{ladder['kind']}:{level:g}" for ladder in report["study"]["corruptions"] for level in ladder["levels"]}
    assert {row["corruption"] for row in report["rows"]} == {None, *asked}
    assert len(asked) == 18


def test_nothing_is_tested_that_was_trained_or_validated_on(place, tmp_path):
    few = ["per_class=[4]", "seeds=[0]", "recipes=[image-linear]"]
    both = run(place, "strategies", "--dataset", "progan", "--dataset", "ufd", out=tmp_path / "out", overrides=few)
    assert both.returncode == 1
    (failed,) = both.report["failed"]
    assert re.match(r"progan failed \[split_leak\]: \d+ of its \d+ pictures", failed)
    generators = {row["generator"] for row in both.report["rows"] if row["kind"] == "generator"}
    assert generators == {"guided", "ldm_100", "ldm_200"}
    alone = run(place, "strategies", "--dataset", "progan:val", out=tmp_path / "alone", overrides=few)
    assert alone.returncode != 0
    assert "[split_leak]" in alone.stderr
    assert "training in" not in alone.stderr


def test_what_is_done_is_not_done_again(place):
    first = run(place, "strategies", overrides=SMALLER["strategies"])
    before = {
        path: path.stat().st_mtime_ns for path in place.work.rglob("*") if path.suffix in (".parquet", ".safetensors")
    }
    again = run(place, "strategies", overrides=SMALLER["strategies"], out=place.out / "again")
    after = {
        path: path.stat().st_mtime_ns for path in place.work.rglob("*") if path.suffix in (".parquet", ".safetensors")
    }
    assert before == after
    assert "training in" not in again.stderr
    assert not re.search(r", \d+ pictures", again.stderr)
    assert (again.out / "study.csv").read_bytes() == (first.out / "study.csv").read_bytes()


def test_pictures_that_were_replaced_are_trained_on_and_scored_anew(place, tmp_path):
    few = ["per_class=[4]", "seeds=[0]", "recipes=[image-linear]"]
    own = SimpleNamespace(sets=tmp_path / "sets", work=tmp_path / "work", out=tmp_path / "out")
    shutil.copytree(place.sets, own.sets)
    first = run(own, "strategies", "--dataset", "ufd", overrides=few)
    tested = run(own, "strategies", "--dataset", "ufd", overrides=few)
    assert "training in" not in tested.stderr
    assert not re.search(r", \d+ pictures", tested.stderr)
    for picture in sorted((own.sets / "ufd").rglob("*.png"))[:4]:
        status = picture.stat()
        Image.new("RGB", (64, 64), "red").save(picture)
        os.utime(picture, ns=(status.st_atime_ns, status.st_mtime_ns))
    scored = run(own, "strategies", "--dataset", "ufd", overrides=few)
    assert "training in" not in scored.stderr
    assert scored.report["rows"] != first.report["rows"]
    shutil.move(own.sets, tmp_path / "moved")
    own.sets = tmp_path / "moved"
    assert "training in" not in run(own, "strategies", "--dataset", "ufd", overrides=few).stderr
    Image.new("RGB", (64, 64), "red").save(next((own.sets / "progan").rglob("*.png")))
    assert "training in" in run(own, "strategies", "--dataset", "ufd", overrides=few).stderr


def test_each_picture_is_encoded_once_for_all_detectors_on_one_frozen_tower(place, tmp_path):
    done = run(place, "strategies", overrides=SMALLER["strategies"], work=tmp_path / "work")
    assert done.returncode == 0
    plain = []
    for about in (tmp_path / "work" / "features").glob("*/identity.json"):
        identity = json.loads(about.read_text())
        if identity["view"] is None:
            plain.append((identity["weights"], (about.parent / "features.f32").stat().st_size // (4 * identity["dim"])))
    # linear, prompt and adapter share a tower: 6 and 6 pictures of val, 6 sets of 8 and 8; lora and full leave nothing
    assert [count for _, count in plain] == [12 + 96]


def test_figures_are_scikit_learns_on_the_scores_that_score_gives(place):
    done = run(place, "strategies", overrides=SMALLER["strategies"])
    (facts,) = (each for each in done.report["runs"] if each["recipe"] == "full")
    (detector,) = (
        path
        for path in place.work.glob("runs/full-8-s0-*/detector.safetensors")
        if api.load(path).facts()["sha256"] == facts["detector"]
    )
    paths = place.sets / "clipping" / "dalle3"
    found = {result.path: result.probability for result in api.score(paths, detector)}
    labels = ["n01443537" in path for path in found]
    rows = {row["generator"]: row for row in done.report["rows"] if row["recipe"] == "full"}
    metrics = rows["dalle3"]["metrics"]
    assert len(labels) == 16
    assert metrics["auc"]["value"] == pytest.approx(roc_auc_score(labels, list(found.values())), abs=1e-6)
    assert metrics["ap"]["value"] == pytest.approx(average_precision_score(labels, list(found.values())), abs=1e-6)
    called = np.array(list(found.values())) >= facts["threshold"]
    assert metrics["accuracy_val"]["value"] == pytest.approx((called == labels).mean(), abs=1e-6)


def test_other_test_sets_are_measured_against_the_reals_their_release_shares(place):
    done = run(
        place, "strategies", "--dataset", "ufd", overrides=["per_class=[8]", "seeds=[0]", "recipes=[image-linear]"]
    )
    counts = {row["generator"]: (row["reals"], row["fakes"]) for row in done.report["rows"]}
    assert counts == dict.fromkeys(("guided", "ldm_100", "ldm_200"), (8, 8)) | {"ldm": (8, 16), "mean": (16, 24)}
    assert any("of which only ldm_100 and ldm_200 are there" in note for note in done.report["notes"])


def test_a_run_that_fails_and_a_set_that_is_not_there_are_named_and_stop_nothing(place, tmp_path):
    overrides = ["per_class=[8, 4000]", "seeds=[0]", "recipes=[image-linear]"]
    done = run(place, "strategies", "--dataset", "ufd", "--dataset", "forensynths", overrides=overrides, out=tmp_path)
    assert done.returncode == 1
    (failed,) = done.report["failed"]
    assert failed.startswith("linear-4000-s0 failed [config_invalid]")
    (missing,) = done.report["not_run"]
    assert missing.startswith("forensynths was not run: no folder")
    assert {row["per_class"] for row in done.report["rows"]} == {8}
    assert "linear-4000-s0 failed" in (tmp_path / "study.md").read_text()


def test_pictures_that_cannot_be_read_are_counted_and_the_exit_code_says_so(place, tmp_path):
    picture_sets.clipping(tmp_path / "sets", {"progan": 30, "dalle3": 10})
    picture_sets.progan(tmp_path / "sets")
    broken = tmp_path / "sets" / "clipping" / "dalle3" / "images" / "val" / "n01443537" / "003.png"
    broken.write_bytes(broken.read_bytes()[:200])
    elsewhere = SimpleNamespace(sets=tmp_path / "sets", work=tmp_path / "work", out=tmp_path / "out")
    overrides = ["per_class=[8]", "seeds=[0]", "recipes=[image-linear]"]
    done = run(elsewhere, "strategies", overrides=overrides)
    assert done.returncode == 1
    rows = {row["generator"]: row for row in done.report["rows"]}
    assert (rows["dalle3"]["fakes"], rows["dalle3"]["unread"], rows["progan"]["unread"]) == (7, 1, 0)
    assert any("1 of dalle3" in note for note in done.report["notes"])
    picture_sets.picture(broken, 5, 10)  # downloaded again
    assert run(elsewhere, "strategies", overrides=overrides).returncode == 0


def test_an_interrupted_study_shows_what_it_has_and_goes_on(place, tmp_path, monkeypatch):
    overrides = ["per_class=[8]", "seeds=[0]", "recipes=[image-linear, image-adapter]"]
    score, calls = picture_scoring.score_pictures, []

    def stopped(*arguments, **options):
        calls.append(1)
        if len(calls) == 4:  # validation and test of the first, validation of the second
            raise KeyboardInterrupt
        return score(*arguments, **options)

    monkeypatch.setattr(picture_scoring, "score_pictures", stopped)
    options = {"overrides": overrides, "out": tmp_path / "out", "work": tmp_path / "work"}
    done = run(place, "strategies", **options)
    assert done.returncode == 130
    assert {row["recipe"] for row in done.report["rows"]} == {"linear"}
    assert any("interrupted" in sentence for sentence in done.report["failed"])
    done = run(place, "strategies", **options)
    assert done.returncode == 0
    assert "training in" not in done.stderr
    assert {row["recipe"] for row in done.report["rows"]} == {"linear", "adapter"}
    assert len(calls) == 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_study_can_be_interrupted_while_it_trains(place, tmp_path, number):
    overrides = ["per_class=[8]", "seeds=[0]", "recipes=[image-linear]", "training.trainer.epochs=100000"]
    changed = [word for override in overrides for word in ("--set", override)]
    arguments = [*TINY, *changed, "--data", place.sets, "--out", tmp_path, "--device", "cpu"]
    # whoever runs the tests in the background has the signal ignored, and children inherit that
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from facefake.cli import main; main(sys.argv[1:])"
    )
    typed = [sys.executable, "-c", code, "study", "strategies", *map(str, arguments)]
    with subprocess.Popen(typed, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 100
        while not list(tmp_path.glob("work/runs/*/checkpoints/last.ckpt")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        said = process.stderr.read()
    assert process.returncode == 128 + number, said
    assert "Traceback" not in said
    report = json.loads((tmp_path / "study.json").read_text())
    assert any("interrupted" in sentence for sentence in report["failed"])


def test_without_a_training_set_there_is_nothing_to_do(place, tmp_path):
    done = command("study", "generators", "--data", tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "clipping was not run" in done.stderr
    assert "the training set is not there" in done.stderr
    assert not (tmp_path / "out" / "study.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fewshot"], "few-shot"),
        (["few-shot", "--set", "per_clas=[3]"], "Did you mean per_class?"),
        (["few-shot", "--set", "training.trainer.epoch=3"], "trainer.epochs"),
        (["few-shot", "--dataset", "celebdf"], "holds no whole pictures"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(words, said):
    done = command("study", *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_without_a_name_the_studies_are_listed_and_torch_stays_out():
    code = "import sys; from facefake.cli import main\ntry: main(['study'])\nfinally: print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    lines = done.stdout.splitlines()
    assert lines[-1] == "False"
    assert {line.split()[0] for line in lines[:-1]} == set(SMALLER)


def test_where_everything_failed_the_code_is_that_of_the_first_failure(place, tmp_path):
    done = run(place, "generators", out=tmp_path / "out", overrides=["training.data.per_class=999"])
    assert done.returncode == 2
    assert "error [config_invalid]: Nothing could be tested." in done.stderr
