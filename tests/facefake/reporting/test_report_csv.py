"""One row a figure."""

import csv

import pytest

from facefake.reporting.report_csv import COLUMNS, write_report_csv

from .reports import comparison, empty_report, report
from .test_files import HOSTILE


def rows_of(tmp_path, document):
    write_report_csv(tmp_path / "report.csv", document)
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def select(rows, **wanted):
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_each_figure_has_one_row(tmp_path):
    document = report()
    rows = rows_of(tmp_path, document)
    assert tuple(rows[0]) == COLUMNS
    keys = [tuple(row[name] for name in COLUMNS[:6]) for row in rows]
    assert len(keys) == len(set(keys))
    (row,) = select(rows, dataset="ffpp", level="video", by="method", subset="FaceSwap", metric="auc")
    subset = document["datasets"]["ffpp"]["per_method"]["FaceSwap"]
    assert float(row["value"]) == subset["auc"]["value"]
    assert (float(row["low"]), float(row["high"])) == (subset["auc"]["low"], subset["auc"]["high"])
    assert (row["reals"], row["fakes"], row["scored"], row["videos"]) == ("200", "100", "100", "103")
    assert row["detector"] == "face-ln.safetensors"


def test_all_together_each_set_the_mean_and_corruptions_are_told_apart(tmp_path):
    rows = rows_of(tmp_path, report())
    assert {row["dataset"] for row in rows} == {"all", "celebdf", "dfdc", "ffpp", "mean"}
    (mean,) = select(rows, dataset="mean", metric="auc")
    assert (mean["value"], mean["low"]) == ("0.9", "")
    levels = select(rows, dataset="dfdc", by="jpeg at the crop", metric="auc")
    assert [row["subset"] for row in levels] == ["clean", "80", "60", "40", "20"]
    assert levels[-1]["value"] == ""
    (wrong,) = select(rows, dataset="dfdc", metric="auc_if_abstentions_wrong")
    assert wrong["value"] == "0.87"


def test_one_data_set_stands_once(tmp_path):
    rows = rows_of(tmp_path, report(("celebdf",)))
    assert {row["dataset"] for row in rows} == {"celebdf"}


def test_what_cannot_be_computed_is_an_empty_cell(tmp_path):
    rows = rows_of(tmp_path, empty_report())
    assert rows
    assert {row["value"] for row in rows} == {""}
    assert {row["videos"] for row in rows} == {"4"}


def test_a_comparison_has_every_detector_and_their_differences(tmp_path):
    document = comparison()
    rows = rows_of(tmp_path, document)
    assert {row["detector"] for row in rows} == {
        "A: ours.safetensors",
        "B: theirs.csv",
        "A: ours.safetensors - B: theirs.csv",
    }
    (row,) = select(rows, metric="auc_difference", dataset="dfdc")
    assert float(row["value"]) == document["pairs"][2]["difference"]["value"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_a_formula_or_a_further_row(tmp_path, name):
    rows = rows_of(tmp_path, report((name,)))
    assert len(rows) == len(rows_of(tmp_path, report(("plain",))))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values() if cell)
