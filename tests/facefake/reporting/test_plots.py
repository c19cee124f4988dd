"""Where the lines, dots and bars of the plots are."""

import numpy as np
import pytest

from facefake.reporting import plots
from facefake.reporting.canvas import BOTTOM, LEFT, RIGHT, TOP

from .reports import coverage, curves, interval


def corners(shape):
    return [tuple(map(float, point.split(","))) for point in shape.points.split()]


@pytest.fixture
def found():
    return curves(np.random.default_rng(0))


def test_the_roc_runs_from_corner_to_corner_inside_the_frame(found):
    (line,) = plots.roc({"": found}).lines
    points = corners(line)
    assert (points[0], points[-1]) == ((LEFT, BOTTOM), (RIGHT, TOP))
    assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in points)


def test_a_perfect_detector_passes_the_upper_left_corner():
    perfect = {"roc": {"fpr": [0, 0, 1], "tpr": [0, 1, 1]}}
    assert (LEFT, TOP) in corners(plots.roc({"": perfect}).lines[0])


def test_the_roc_marks_rates_at_fixed_false_alarms(found):
    rates = {"tpr_at_fpr_1": {"value": 0.5, "low": 0.25, "high": 0.75}, "tpr_at_fpr_5": None}
    plot = plots.roc({"": found}, rates)
    (dot,), (_, whisker) = plot.dots, plot.lines
    assert (dot.x, dot.y) == (pytest.approx(LEFT + 0.01 * (RIGHT - LEFT), abs=0.06), (TOP + BOTTOM) / 2)
    assert [y for _, y in corners(whisker)] == [BOTTOM - 0.25 * (BOTTOM - TOP), BOTTOM - 0.75 * (BOTTOM - TOP)]


def test_several_detectors_are_told_apart_by_style_and_named(found):
    plot = plots.roc({"a": found, "none": None, "b": found})
    assert [(key.name, key.style) for key in plot.legend] == [("a", 0), ("b", 1)]
    assert [line.style for line in plot.lines] == [0, 1]
    assert plots.roc({"a": found}).legend == ()


def test_equal_rates_lie_on_the_diagonal_of_the_det():
    rates = [0.001, 0.01, 0.1, 0.3]
    (line,) = plots.det({"": {"det": {"fpr": rates, "fnr": rates}}}).lines
    for x, y in corners(line):
        assert (x - LEFT) / (RIGHT - LEFT) == pytest.approx((BOTTOM - y) / (BOTTOM - TOP), abs=0.002)


def test_small_rates_have_room_on_the_det():
    ticks = {text: place for place, text in plots.det({"": {"det": {"fpr": [0.1], "fnr": [0.1]}}}).x.ticks}
    # a linear axis would give 0.1 % to 1 % a sixtieth of the way from there to 40 %
    assert ticks["1 %"] - ticks["0.1 %"] > (ticks["40 %"] - ticks["0.1 %"]) / 5


def test_a_rate_of_zero_lies_on_the_frame_and_one_beyond_it(found):
    found["det"] = {"fpr": [0.0, 0.0, 0.1, 1.0], "fnr": [1.0, 0.5, 0.0, 0.0]}
    above, first, *_, beyond = corners(plots.det({"": found}).lines[0])
    assert above[0] == first[0] == LEFT
    assert above[1] < TOP < first[1]
    assert beyond[0] > RIGHT


def test_a_detector_near_chance_is_still_seen_on_the_det():
    rates = np.linspace(0, 1, 21)
    plot = plots.det({"": {"det": {"fpr": rates.tolist(), "fnr": (1 - rates).tolist()}}})
    inside = [(x, y) for x, y in corners(plot.lines[0]) if LEFT < x < RIGHT and TOP < y < BOTTOM]
    assert len(inside) == 19
    assert plot.x.ticks[-1][1] == "90 %"


def test_the_reliability_diagram_shows_share_and_number():
    bins = [{"low": 0.4, "high": 0.6, "mean": 0.5, "fakes": 0.25, "count": 8}]
    plot = plots.reliability({"reliability": {"bins": bins}})
    assert (plot.dots[0].x, plot.dots[0].y) == ((LEFT + RIGHT) / 2, BOTTOM - 0.25 * (BOTTOM - TOP))
    assert [label.words for label in plot.labels] == ["8"]
    assert plots.reliability({"reliability": None}) is None
    # fitted with both classes weighing the same, drawn over a test set's mix
    assert "A calibration makes reals and fakes weigh the same" in plot.words


def test_fakes_stand_above_the_line_and_reals_hang_below(found):
    plot = plots.distribution(found, 0.43)
    middle = (TOP + BOTTOM) / 2
    assert all(bar.y + bar.height == pytest.approx(middle) for bar in plot.bars if bar.style == "fake")
    assert all(bar.y == middle for bar in plot.bars if bar.style == "real")
    counts = {name: sum(found["histogram"][name]) for name in ("real", "fake")}
    heights = {name: sum(bar.height for bar in plot.bars if bar.style == name) for name in counts}
    # shares of each, so that the larger class does not look the more frequent
    assert heights["real"] == pytest.approx(heights["fake"], rel=0.02)
    threshold = next(guide for guide in plot.guides if guide.style == "threshold")
    assert {x for x, _ in corners(threshold)} == {round(LEFT + 0.43 * (RIGHT - LEFT), 1)}


def test_one_score_for_all_still_has_a_distribution():
    same = {"reliability": None, "histogram": {"edges": [3.0, 3.0], "real": [5], "fake": [5]}}
    assert plots.distribution(same, 0.5).x.label == "score"


def test_a_level_where_clips_fell_out_is_hollow_and_one_without_figure_is_a_gap():
    rng = np.random.default_rng(0)
    levels = [
        {"level": 100, "name": "clean", "auc": interval(rng), "coverage": coverage(100)},
        {"level": 50, "name": "50", "auc": interval(rng), "coverage": coverage(100, inconclusive=2)},
        {"level": 10, "name": "10", "auc": None, "coverage": coverage(100, inconclusive=100)},
    ]
    row = {"corruption": "jpeg", "at": "crop", "unit": "quality", "dataset": "celebdf", "levels": levels}
    plot = plots.robustness([row])
    assert [dot.hollow for dot in plot.dots] == [False, True]
    assert [text for _, text in plot.x.ticks] == ["clean", "50", "10"]
    (band,), (line,) = plot.areas, plot.lines
    assert len(corners(band)) == 4
    assert len(corners(line)) == 2


def test_nothing_to_draw_is_no_plot():
    assert plots.roc({"": None}) is plots.det({"": None}) is plots.reliability(None) is plots.distribution(None, 0.5)


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [(0, 4.16, ["0", "1", "2", "3", "4"]), (3, 3, ["3"]), (0, 0.05, ["0", "0.01", "0.02", "0.03", "0.04", "0.05"])],
)
def test_times_have_round_ticks(low, high, texts):
    plot = plots.timeline({"person 0": [(low, 0.5), (high, 0.5)]}, "seconds")
    assert [text for _, text in plot.x.ticks] == texts
