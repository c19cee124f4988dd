import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t
from sklearn.metrics import accuracy_score, average_precision_score, f1_score, roc_auc_score

from facefake.evaluation.published import load_published
from facefake.evaluation.study_metrics import NAMES, figures
from facefake.evaluation.study_report import make_study_report
from facefake.evaluation.study_scores import PictureScores, read_picture_scores, write_picture_scores
from facefake.evaluation.study_table import make_rows, student, summarise_rows
from tests.facefake.evaluation.studies import GENERATORS, outcomes, report, rows_of, scores, study


def by_generator(of, **options):
    return {row["generator"]: row for row in rows_of(of, **options)}


def test_figures_of_a_generator_are_scikit_learns_on_its_fakes_and_its_own_reals():
    of = study()
    (one,) = outcomes(of)
    rows = {row["generator"]: row for row in make_rows(of, one)}
    for generator in GENERATORS:
        chosen = np.isin(one.scores.method.astype(str), [generator, f"{generator}-real"])
        label, score = one.scores.label[chosen], one.scores.score[chosen]
        expected = {
            "auc": roc_auc_score(label, score),
            "ap": average_precision_score(label, score),
            "accuracy": accuracy_score(label, score >= 0.5),
            "macro_f1": f1_score(label, score >= 0.5, average="macro"),
            "accuracy_val": accuracy_score(label, score >= 0.42),
            "macro_f1_val": f1_score(label, score >= 0.42, average="macro"),
        }
        found = rows[generator]["metrics"]
        assert {name: found[name]["value"] for name in NAMES} == pytest.approx(expected, abs=1e-6)
        assert (rows[generator]["reals"], rows[generator]["fakes"]) == (60, 60)
        for name in NAMES:
            assert found[name]["low"] <= found[name]["value"] <= found[name]["high"]


def test_bootstrap_intervals_are_those_of_resampled_pictures():
    rng = np.random.default_rng(3)
    label = np.repeat([0, 1], 80)
    score = 1 / (1 + np.exp(-rng.normal(label - 0.5, 1)))
    found = figures(label, score, 0.6, resamples=2000)
    drawn = [rng.integers(0, 160, 160) for _ in range(2000)]
    for name, measure in {
        "auc": lambda rows: roc_auc_score(label[rows], score[rows]),
        "accuracy_val": lambda rows: accuracy_score(label[rows], score[rows] >= 0.6),
        "macro_f1": lambda rows: f1_score(label[rows], score[rows] >= 0.5, average="macro"),
    }.items():
        bounds = np.percentile([measure(rows) for rows in drawn], [2.5, 97.5])
        assert (found[name].low, found[name].high) == pytest.approx(tuple(bounds), abs=0.012)


def test_merged_sets_count_as_one_in_the_mean():
    rows = by_generator(study())
    value = {name: row["metrics"]["ap"]["value"] for name, row in rows.items()}
    parts = [value[name] for name in GENERATORS if name.startswith("glide")]
    assert value["glide"] == pytest.approx(np.mean(parts), abs=2e-6)
    assert value["mean"] == pytest.approx(
        np.mean([value[n] for n in ("progan", "glide", "dalle3", "faceswap")]), abs=2e-6
    )
    assert value["mean without faceswap"] == pytest.approx(
        np.mean([value[n] for n in ("progan", "glide", "dalle3")]), abs=2e-6
    )
    assert (rows["mean"]["sets"], rows["mean without faceswap"]["sets"]) == (4, 3)
    assert rows["glide"]["fakes"] == 180


def test_names_that_nothing_tested_has_are_said():
    asked = study(merges={"ldm": ("ldm_100", "ldm_200")}, apart=("faceswpa",))
    notes = make_study_report("toy", asked, list(rows_of(asked)), [])["notes"]
    assert "ldm has no figures: none of ldm_100, ldm_200 was tested." in notes
    assert "No mean is without faceswpa, for nothing of that name was tested." in notes


def test_shared_reals_are_counted_once():
    drawn = scores(np.random.default_rng(0), generators=("ldm_100", "ldm_200", "guided"))
    shared = [
        {"ldm_100-real": "laion", "ldm_200-real": "laion", "guided-real": "imagenet"}.get(m, m) for m in drawn.method
    ]
    drawn = replace(drawn, method=np.array(shared, dtype=object), dataset=np.array(["ufd"] * len(drawn), dtype=object))
    of = study(merges={"ldm": ["ldm_100", "ldm_200"]}, apart=[])
    (one,) = outcomes(of)
    rows = {row["generator"]: row for row in make_rows(of, replace(one, scores=drawn))}
    assert {name: (row["reals"], row["fakes"]) for name, row in rows.items()} == {
        "guided": (60, 60),
        "ldm_100": (120, 60),
        "ldm_200": (120, 60),
        "ldm": (120, 120),
        "mean": (180, 180),
    }


def test_pictures_that_cannot_be_read_are_counted_and_in_no_figure():
    rows = by_generator(study(), unread=10)
    assert (rows["progan"]["reals"], rows["progan"]["unread"], rows["dalle3"]["unread"]) == (50, 10, 0)
    assert (rows["mean"]["unread"], rows["progan"]["metrics"]["auc"] is not None) == (10, True)
    assert any("10 of progan" in note for note in report(study(), unread=10)["notes"])


def test_a_generator_without_reals_that_can_be_read_leaves_no_mean():
    rows = by_generator(study(), unread=60)
    assert rows["progan"]["metrics"] == dict.fromkeys(NAMES)
    assert rows["mean"]["metrics"]["ap"] is None
    assert rows["glide"]["metrics"]["ap"]["value"] > 0.5


def test_two_generators_of_one_name_stay_apart():
    of = study()
    (one,) = outcomes(of)
    other = replace(one.scores, dataset=np.array(["forensynths"] * len(one.scores), dtype=object))
    rows = list(make_rows(of, replace(one, scores=PictureScores.merged([one.scores, other]))))
    names = {row["generator"] for row in rows}
    assert {"clipping/progan", "forensynths/progan"} <= names
    assert all(row["reals"] == 60 for row in rows if row["kind"] == "generator")


def test_the_interval_over_seeds_is_students():
    values = [0.91, 0.93, 0.96, 0.92]
    low, middle, high = student(values)
    half = t.ppf(0.975, 3) * np.std(values, ddof=1) / math.sqrt(4)
    assert (low, middle, high) == pytest.approx((0.93 - half, 0.93, 0.93 + half))
    assert student([0.2, 1.0])[2] == 1.0


def test_seeds_become_one_row_with_an_interval():
    of = study(seeds=[0, 1, 2], recipes=["image-prompt", "image-linear"])
    rows = rows_of(of)
    summary = summarise_rows(of, rows, None)
    assert len(summary) * 3 == len(rows)
    of_mean = next(row for row in summary if row["generator"] == "mean" and row["recipe"] == "linear")
    values = [r["metrics"]["ap"]["value"] for r in rows if (r["generator"], r["recipe"]) == ("mean", "linear")]
    low, middle, high = student(values)
    assert of_mean["metrics"]["ap"] == pytest.approx({"value": middle, "low": low, "high": high}, abs=1e-6)
    assert of_mean["seeds"] == [0, 1, 2]
    assert of_mean["paper"] is None


def test_a_mean_that_lacks_a_generator_is_not_set_beside_others():
    of = study(seeds=[0, 1])
    first, second = outcomes(of)
    known = second.scores.method.astype(str)
    lacking = replace(second, scores=second.scores.take(~np.char.startswith(known, "dalle3")))
    rows = [row for each in (first, lacking) for row in make_rows(of, each)]
    summary = {row["generator"]: row for row in summarise_rows(of, rows, None)}
    assert summary["mean"]["metrics"] == dict.fromkeys(NAMES)
    assert summary["progan"]["metrics"]["ap"]["value"] > 0.5
    assert summary["dalle3"]["seeds"] == [0]


def paper_of(of, **options):
    rows = rows_of(of, **options)
    return {
        (row["generator"], row["corruption"]): row["paper"]
        for row in summarise_rows(of, rows, load_published("clipping"))
    }


def test_the_papers_figures_stand_beside_what_compares_with_them():
    paper = paper_of(study(), corruptions=(None, "jpeg:75"), generators=GENERATORS[:-1])
    assert paper["dalle3", None] == {"accuracy": 0.513, "ap": 0.752}
    assert paper["glide", None]["accuracy"] == pytest.approx((0.947 + 0.924 + 0.916) / 3, abs=1e-6)
    assert paper["mean", None]["accuracy"] == pytest.approx(
        (0.998 + 0.513 + paper["glide", None]["accuracy"]) / 3, abs=1e-5
    )
    assert paper["dalle3", "jpeg:75"] is None  # published only as a mean
    assert paper["mean", "jpeg:75"] is None  # and that over 20 sets


def test_a_published_mean_stands_only_beside_one_of_its_size_corruption_and_number_of_sets():
    names = list(load_published("clipping").generators["adapter"].figures)
    of = study(
        recipes=["image-full"],
        per_class=[10000, 100000],
        merges={"glide": list(GENERATORS[1:4]), "ldm": ["ldm_100", "ldm_200", "ldm_200_cfg"]},
    )
    rows = rows_of(of, generators=names, count=5, corruptions=(None, "jpeg:75", "blur:1"))
    found = {
        (row["per_class"], row["corruption"], row["sets"]): row["paper"]
        for row in summarise_rows(of, rows, load_published("clipping"))
        if row["kind"] == "mean"
    }
    assert found[100000, None, 20] == {"accuracy": 0.9079, "ap": 0.9819, "macro_f1": 0.9033}
    assert found[10000, None, 21] == {"accuracy": 0.731, "ap": 0.8823}
    assert found[100000, "jpeg:75", 20] == {"accuracy": 0.5621, "ap": 0.7255}
    assert found[100000, "blur:1", 21] == {"accuracy": 0.8372, "ap": 0.937}
    assert [found[key] for key in ((10000, None, 20), (100000, None, 21), (100000, "jpeg:75", 21))] == [None] * 3


def test_scores_are_kept_with_what_they_depend_on(tmp_path):
    path, drawn = tmp_path / "deep" / "scores.parquet", scores(np.random.default_rng(0), unread=3)
    write_picture_scores(path, drawn, {"detector": "a", "corruption": None})
    found = read_picture_scores(path, {"corruption": None, "detector": "a"})
    for name in PictureScores.__slots__:
        assert np.array_equal(getattr(found, name), getattr(drawn, name), equal_nan=name == "score")
    assert found.scored.sum() == len(drawn) - 3
    assert read_picture_scores(path, {"detector": "b", "corruption": None}) is None
    assert read_picture_scores(tmp_path / "none.parquet", {}) is None
    path.write_bytes(path.read_bytes()[:-9])
    assert read_picture_scores(path, {"corruption": None, "detector": "a"}) is None
