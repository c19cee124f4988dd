import csv
import re
from dataclasses import asdict

import pytest

from facefake.reporting import study_plots, study_tables
from facefake.reporting.study_csv import write_study_csv
from facefake.reporting.study_html import study_page
from facefake.reporting.study_markdown import study_markdown
from tests.facefake.evaluation.studies import report, study

JPEG = [{"kind": "jpeg", "levels": [90, 75, 50, 30]}]
LEVELS = (None, "jpeg:90", "jpeg:75", "jpeg:50", "jpeg:30")
BOTH = ["image-linear", "image-prompt"]


@pytest.fixture(scope="module")
def plain():
    return report(study(recipes=BOTH, training={"data.per_class": 100000}))


@pytest.fixture(scope="module")
def sizes():
    return report(study(recipes=["image-linear", "image-full"], per_class=[20, 160, 320], seeds=[0, 1, 2], resamples=0))


@pytest.fixture(scope="module")
def robust():
    return report(study(recipes=["image-full", "image-lora"], per_class=[100000], corruptions=JPEG), corruptions=LEVELS)


@pytest.fixture(scope="module", params=["plain", "sizes", "robust"])
def any_report(request):
    return request.getfixturevalue(request.param)


def figure(found, recipe, generator, metric, **facts):
    (row,) = (
        row
        for row in found["summary"]
        if (row["recipe"], row["generator"]) == (recipe, generator) and all(row[k] == v for k, v in facts.items())
    )
    return row["metrics"][metric]


def test_the_page_loads_nothing_and_runs_nothing(any_report):
    page = study_page(any_report)
    assert "default-src 'none'" in page
    assert not re.search(r"<script|src=|@import|https?://(?!www\.w3\.org)", page)
    assert page.count('<svg class="plot"') >= 3
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert not {to for to in re.findall(r"url\(#([^)]+)\)", page) if to not in ids}


def test_names_cannot_bring_markup_along():
    found = report(study(recipes=[{"config": "image-prompt", "name": "<script>alert(1)</script>|x"}]), name="<b>&")
    page, text = study_page(found), study_markdown(found)
    assert "<script" not in page
    assert "<script" not in text
    assert "\\|x" in text
    assert "Study: &lt;b&gt;&amp;" in text


def test_tables_show_the_figures_in_percent_with_the_papers_beside(plain):
    text, page = study_markdown(plain), study_page(plain)
    auc = study_tables.percents(figure(plain, "prompt", "dalle3", "auc"))
    assert re.fullmatch(r"\d\d\.\d \[\d\d\.\d, \d\d\.\d\]", auc)
    (row,) = (line for line in text.split("## prompt")[1].splitlines() if line.startswith("| dalle3"))
    assert f"| 60 | 60 | 0 | {auc} |" in row
    assert row.endswith("| 51.3 | 75.2 |")
    assert f"{100 * figure(plain, 'prompt', 'dalle3', 'auc')['value']:.1f}<small>" in page
    assert '<span class="soft">51.3</span>' in page


def test_what_could_not_be_run_stands_at_the_top(plain):
    found = plain | {"failed": ["full-s0 failed [x]: it burst"], "not_run": ["ufd was not run: no folder a_b."]}
    for text in (study_page(found), study_markdown(found)):
        head = text[: text.index("Figures are in %")]
        assert "it burst" in head
        assert "ufd was not run" in head


def test_merged_generators_stand_once_in_comparisons_and_means_last(plain):
    names = [line.name for line in study_tables.lines(plain, study_tables.largest(plain))]
    assert names == ["dalle3", "faceswap", "progan", "glide", "mean", "mean without faceswap"]


def test_a_plot_of_generators_has_a_dot_an_interval_and_the_papers_stroke_each(plain):
    ap, at_half, validated = study_plots.generators(plain)
    assert [plot.title for plot in (ap, at_half, validated)] == [
        *("AP", "Accuracy at 0.5", "Accuracy at the validated threshold")
    ]
    assert len(ap.dots) == 6 * 2
    assert {label.words for label in ap.labels} >= {"progan", "glide", "mean without faceswap"}
    intervals, strokes = ([line for line in ap.lines if kind in str(line.style)] for kind in ("stroke", "mark"))
    assert len(intervals) == 3 * 2  # of single generators
    assert len(strokes) == 6 + 4  # the paper has no faceswap for prompt tuning, nor a mean with it
    assert not [line for line in validated.lines if "mark" in str(line.style)]
    value = figure(plain, "prompt", "dalle3", "ap")["value"]
    (dot,) = (dot for dot in ap.dots if dot.words.startswith("dalle3, prompt"))
    low = float(ap.x.ticks[0][1]) / 100
    assert dot.x == pytest.approx(ap.frame.x_at((value - low) / (1 - low)), abs=0.06)
    assert all(ap.frame.top < dot.y < ap.frame.bottom for dot in ap.dots)


def test_a_curve_over_sizes_has_bands_over_seeds_and_the_papers_dot(sizes):
    ap, at_half, validated = study_plots.over_sizes(sizes)
    assert [text for _, text in ap.x.ticks] == ["40", "320", "640"]
    assert len(ap.areas) == len(ap.lines) == 2
    solid, hollow = ([dot for dot in ap.dots if dot.hollow is which] for which in (False, True))
    assert len(solid) == 6
    assert [dot.words for dot in hollow] == ["the paper, full, 640: 90.0 over 21 sets"]
    assert hollow[0].style == 1
    assert [dot.words for dot in at_half.dots if dot.hollow] == ["the paper, full, 640: 79.1 over 21 sets"]
    assert not any(dot.hollow for dot in validated.dots)
    value = figure(sizes, "linear", "mean", "ap", per_class=20)
    low = float(ap.y.ticks[0][1]) / 100
    first = next(dot for dot in solid if dot.words == f"linear: {study_tables.percents(value)}")
    assert first.y == pytest.approx(ap.frame.y_at((value["value"] - low) / (1 - low)), abs=0.06)


def test_without_several_sizes_there_is_no_curve_over_them(plain, robust):
    assert study_plots.over_sizes(plain) == study_plots.over_sizes(robust) == []
    assert study_plots.over_levels(plain) == {}


def test_a_curve_over_levels_runs_from_clean_to_harsh_and_has_the_papers_dots(robust):
    ((kind, (ap, validated)),) = study_plots.over_levels(robust).items()
    assert kind == "jpeg"
    assert [text for _, text in ap.x.ticks] == ["clean", "90", "75", "50", "30"]
    assert [dot.words for dot in ap.dots if dot.hollow] == [
        "the paper, full, clean: 98.2 over 20 sets",
        "the paper, full, jpeg:75: 72.5 over 20 sets",
        "the paper, full, jpeg:50: 59.8 over 20 sets",
    ]
    assert len([dot for dot in validated.dots if not dot.hollow]) == 10
    places = [dot.x for dot in ap.dots if dot.words.startswith("lora")]
    assert places == sorted(places)


def test_a_recipe_keeps_its_colour(robust):
    drawn = [*study_plots.generators(robust), *study_plots.over_levels(robust)["jpeg"]]
    assert {tuple((key.name, key.style) for key in plot.legend) for plot in drawn} == {(("full", 0), ("lora", 1))}


def test_nothing_tested_is_said_and_breaks_nothing():
    of = study()
    found = report(of) | {"rows": [], "summary": [], "runs": [], "failed": ["prompt-s0 failed [x]: y"]}
    assert "prompt-s0 failed" in study_page(found)
    assert "prompt-s0 failed" in study_markdown(found)


def test_csv_has_every_figure_of_every_run_and_the_means_over_seeds(sizes, tmp_path):
    write_study_csv(tmp_path / "study.csv", sizes)
    rows = list(csv.DictReader((tmp_path / "study.csv").read_text().splitlines()))
    metrics = len(study_tables.TITLES)
    assert len(rows) == metrics * (len(sizes["rows"]) + len(sizes["summary"]))
    chosen = {"recipe": "full", "per_class": "320", "seed": "mean of 3", "generator": "faceswap", "metric": "ap"}
    (row,) = (row for row in rows if chosen.items() <= row.items())
    expected = figure(sizes, "full", "faceswap", "ap", per_class=320)
    assert {name: float(row[name]) for name in ("value", "low", "high")} == expected
    assert (row["reals"], row["fakes"], row["unread"], row["paper"]) == ("60", "60", "0", "")


def test_ticks_that_would_run_into_each_other_are_not_written():
    kept = study_plots._apart([(0.0, "20k"), (0.4, "40k"), (0.45, "60k"), (0.5, "80k"), (1.0, "200k")])
    assert [text for _, text in kept] == ["20k", "40k", "", "80k", "200k"]


def test_plots_are_plain_values(plain):
    assert asdict(study_plots.generators(plain)[0]) == asdict(study_plots.generators(plain)[0])
