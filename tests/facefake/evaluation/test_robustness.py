import pytest

from facefake.evaluation import make_report
from facefake.evaluation.robustness import robustness_row
from facefake.evaluation.scores import Scores
from facefake.evaluation.suite import Ladder, mean_of_others
from tests.facefake.evaluation.results import clip, fakes, reals

JPEG = Ladder(kind="jpeg", at="crop", levels=(50, 10))


def row(*results, ladder=JPEG):
    clean, *corrupted = [Scores.of(each) if each is not None else None for each in results]
    return robustness_row(ladder, "celebdf", clean, corrupted, resamples=50)


def test_a_row_starts_clean_and_goes_down_the_ladder():
    half = [*reals(4), *fakes(4, start=0.1)]
    found = row([*reals(4), *fakes(4)], half, [*reals(4), *fakes(4, start=0.0, step=0.0)])
    assert {name: found[name] for name in ("corruption", "at", "unit", "dataset")} == {
        "corruption": "jpeg",
        "at": "crop",
        "unit": "quality",
        "dataset": "celebdf",
    }
    assert [(level["level"], level["name"]) for level in found["levels"]] == [(None, "clean"), (50, "50"), (10, "10")]
    assert [level["auc"]["value"] for level in found["levels"]] == [1.0, 0.5, 0.0]
    assert all(level["auc"]["low"] <= level["auc"]["value"] <= level["auc"]["high"] for level in found["levels"])


def test_the_clean_level_is_the_one_that_changes_nothing_where_there_is_one():
    clean = [*reals(2), *fakes(2)]
    assert row(clean, clean, ladder=Ladder(kind="blur", levels=(2,)))["levels"][0]["level"] == 0
    assert row(clean, clean, ladder=Ladder(kind="resize", levels=(0.5,)))["levels"][0]["level"] == 1


def test_figures_are_those_of_the_report():
    results = [*reals(5), *fakes(7, start=0.2)]
    report = make_report(Scores.of(results))
    found = robustness_row(JPEG, "ffpp", Scores.of(results), [None, None])
    assert found["levels"][0]["auc"] == report["video"]["auc"]
    assert found["levels"][0]["coverage"] == report["coverage"]


def test_coverage_stands_beside_each_level():
    lost = [*reals(4), *(clip(f"{i}", 1, None, status="inconclusive") for i in range(4))]
    found = row([*reals(4), *fakes(4)], lost, None)
    assert [level["name"] for level in found["levels"]] == ["clean", "50"]  # the last could not be had
    assert found["levels"][1]["auc"] is None  # only reals are left
    assert found["levels"][1]["coverage"]["share"] == 0.5


def test_the_mean_leaves_out_what_was_trained_on():
    results = [
        *(result for name in ("ffpp", "celebdf", "dfdc") for result in reals(4, dataset=name)),
        *fakes(4, dataset="ffpp"),
        *fakes(4, dataset="celebdf", start=0.1),
        *fakes(4, dataset="dfdc", start=0.0, step=0.0),
    ]
    report = make_report(Scores.of(results), resamples=20)
    assert report["mean"]["auc"] == pytest.approx(0.5)
    assert mean_of_others(report, ["ffpp"])["auc"] == pytest.approx(0.25)
    assert mean_of_others(report, [])["auc"] == report["mean"]["auc"]
    assert mean_of_others(report, ["ffpp", "dfdc"]) is None
