"""What the evaluation really makes goes through every form."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from facefake.evaluation.compare import Entrant, make_comparison
from facefake.evaluation.report import make_report
from facefake.evaluation.scores import Scores
from facefake.reporting import print_report, write_json, write_report_csv, write_report_markdown
from facefake.reporting.html import examples, write_html
from facefake.scoring.result import ClipResult, ErrorFacts, FrameScore, PersonResult, Truth


def result(dataset, number, label, score):
    frame = FrameScore(3, 0.12, score, (1.0, 2.0, 30.0, 40.0), ((1.0, 1.0),) * 5, 0.99)
    key = f"{'fakes' if label else 'reals'}/{number:03d}.mp4"
    truth = Truth(key, dataset, "FaceSwap" if label else "youtube", "test", label, f"{number}", "c23")
    if number == 9:
        absent = ErrorFacts("absent", "It is not there.", "Get it.")
        return ClipResult(f"{dataset}/{key}", None, "video", "error", error=absent, truth=truth)
    person = PersonResult(0, score, score, (frame,) * 4)
    verdict = "fake" if score >= 0.5 else "real"
    return ClipResult(f"{dataset}/{key}", None, "video", "scored", verdict, score, score, people=(person,), truth=truth)


def scores(seed, datasets=("celebdf", "dfdc"), labels=(0, 1), count=20):
    rng = np.random.default_rng(seed)
    return Scores.of(
        [
            result(dataset, number, label, float(np.clip(rng.normal(0.35 + 0.3 * label, 0.2), 0, 1)))
            for dataset in datasets
            for label in labels
            for number in range(count)
        ]
    )


def compared(count=20):
    names = {seed: f"{seed}.safetensors" for seed in (1, 2)}
    entrants = [Entrant(name, None, (Path(f"{seed}.json"),), scores(seed, count=count)) for seed, name in names.items()]
    return make_comparison(entrants, provenance={"command": ["facefake", "report"]}, resamples=20)


@pytest.mark.parametrize(
    "document",
    [
        make_report(scores(0), resamples=20),
        make_report(scores(0, ("celebdf",)), resamples=20, provenance={"detector": {"name": "x"}}),
        make_report(scores(0, labels=(1,)), resamples=20),
        compared(),
        make_report(scores(0, ("celebdf",), count=2), resamples=20),
        compared(count=2),
    ],
    ids=["two sets", "one set", "one class", "comparison", "few groups", "comparison of few groups"],
)
def test_every_form_takes_it(document, tmp_path, capsys):
    write_json(tmp_path / "r.json", document)
    assert json.loads((tmp_path / "r.json").read_text()) == document
    write_report_csv(tmp_path / "r.csv", document)
    write_report_markdown(tmp_path / "r.md", document)
    write_html(tmp_path / "r.html", document)
    print_report(document)
    single = document["reports"][0] if document["kind"] == "comparison" else document
    auc = single["video"]["auc"]
    shown = "-" if auc is None else f"{auc['value']:.3f}"
    with (tmp_path / "r.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["metric"] == "auc")
    assert row["value"] == ("" if auc is None else str(auc["value"]))
    assert shown in (tmp_path / "r.md").read_text()
    assert shown in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert shown in capsys.readouterr().err


def test_the_page_shows_the_mistakes_that_were_made():
    document = make_report(scores(0), resamples=20)
    worst = document["datasets"]["dfdc"]["worst"]
    assert worst["false_alarms"]
    shown = examples(document)
    assert worst["false_alarms"][0] in shown
    assert shown[0]["frame"] == 3
