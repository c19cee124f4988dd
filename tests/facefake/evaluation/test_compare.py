import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facefake.evaluation.compare import Entrant, make_comparison
from facefake.evaluation.detectors import detectors_of, same_detector
from facefake.evaluation.metrics import auc_difference
from facefake.evaluation.metrics.delong import delong
from facefake.evaluation.scores import Scores
from facefake.evaluation.scores_file import read_scores
from preprocessing.errors import FacefakeError
from tests.facefake.evaluation.results import clip, fakes, reals, write


def entrant(name, results):
    return Entrant(name, name * 8, (Path(f"{name}.json"),), Scores.of(results))


def noisy(seed, count=40, **facts):
    rng = np.random.default_rng(seed)
    return [
        clip(f"{i:03}", label, float(np.clip(rng.normal(0.4 + 0.2 * label, 0.2), 0, 1)), pair=f"{i // 2}", **facts)
        for i in range(count)
        for label in (0, 1)
    ]


def compare(*entrants, **options):
    return make_comparison(entrants, provenance={"command": ["x"]}, **{"resamples": 100} | options)


def test_the_document_has_the_keys_of_schema_2_and_is_strict_json():
    made = compare(entrant("a", noisy(1)), entrant("b", noisy(2)))
    assert set(made) == {"schema", "kind", "detectors", "common", "pairs", "reports", "provenance"}
    assert (made["schema"], made["kind"]) == (2, "comparison")
    assert [each["name"] for each in made["detectors"]] == ["a", "b"]
    assert made["detectors"][0]["file"] == "a.json"
    assert [each["kind"] for each in made["reports"]] == ["report", "report"]
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_the_difference_is_that_of_the_metrics_and_pairs_are_all_pairs():
    a, b, c = (entrant(name, noisy(seed)) for seed, name in enumerate("abc"))
    made = compare(a, b, c)
    assert [(pair["a"], pair["b"], pair["dataset"]) for pair in made["pairs"]] == [
        (0, 1, None),
        (0, 2, None),
        (1, 2, None),
    ]
    pair, labels, groups = made["pairs"][1], a.scores.label, a.scores.groups
    direct = auc_difference(labels, a.scores.score, c.scores.score, groups=groups, resamples=100)
    assert pair["difference"] == direct.to_dict()
    assert pair["difference"]["value"] == pytest.approx(
        made["reports"][0]["video"]["auc"]["value"] - made["reports"][2]["video"]["auc"]["value"], abs=2e-6
    )
    assert pair["delong"]["p"] == delong(labels, a.scores.score, c.scores.score, groups).p


def test_only_clips_that_all_have_scored_are_compared_and_the_rest_is_counted():
    results = noisy(1)
    abstaining = [clip("000", 0, 0, status="inconclusive"), *results[1:30]]
    extra = [*reversed(results), clip("new", 1, 0.5)]
    made = compare(entrant("a", abstaining), entrant("b", extra))
    assert made["common"] == {
        "videos": 29,
        "left_out": [{"detector": 0, "videos": 0}, {"detector": 1, "videos": len(extra) - 29}],
    }
    assert made["detectors"][0]["coverage"] | {"share": 0} == {
        **{"videos": 30, "scored": 29, "inconclusive": 1, "error": 0, "missing": 0},
        "share": 0,
    }
    one, other = made["reports"]
    assert one["video"] == other["video"]
    assert one["coverage"]["videos"] == other["coverage"]["videos"] == 29
    assert any("of its own 30, this one has scored 29" in note for note in one["notes"])
    assert made["pairs"][0]["difference"]["value"] == 0.0


def test_a_detector_compared_with_itself_does_not_differ():
    made = compare(entrant("a", noisy(1)), entrant("b", noisy(1)))
    assert made["pairs"][0]["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_source_groups_that_an_older_file_lacks_are_those_of_another():
    older = replace(Scores.of(noisy(1)), pair=np.full(80, None))
    new = entrant("b", noisy(2))
    made = compare(replace(entrant("a", []), scores=older), new)
    assert [each["counts"]["groups"] for each in made["reports"]] == [20, 20]
    assert made["pairs"] == compare(entrant("a", noisy(1)), new)["pairs"]


@pytest.mark.parametrize(("groups", "told"), [(4, False), (5, True)])
def test_a_handful_of_source_groups_has_neither_bounds_nor_a_test(groups, told):
    (pair,) = compare(entrant("a", noisy(1, 2 * groups)), entrant("b", noisy(2, 2 * groups)))["pairs"]
    assert pair["videos"] == 4 * groups
    assert [value is not None for value in (pair["difference"]["low"], *pair["delong"].values())] == [told] * 3


def test_several_data_sets_are_compared_together_and_each():
    def both(seed):
        return [*noisy(seed), *noisy(seed + 10, count=5, dataset="dfdc"), *fakes(3, dataset="one class")]

    made = compare(entrant("a", both(1)), entrant("b", both(2)))
    assert [(pair["dataset"], pair["videos"]) for pair in made["pairs"]] == [(None, 93), ("dfdc", 10), ("ffpp", 80)]


def test_groups_known_to_one_are_those_of_both():
    one, other = noisy(1), noisy(2)
    ungrouped = [
        clip(f"{i:03}", label, result.score)
        for (i, label), result in zip(((i, label) for i in range(40) for label in (0, 1)), other, strict=True)
    ]
    made = compare(entrant("a", one), entrant("b", ungrouped))
    assert [report["counts"]["groups"] for report in made["reports"]] == [20, 20]
    assert made["pairs"] == compare(entrant("a", one), entrant("b", other))["pairs"]


def test_nothing_in_common_or_other_labels_are_refused():
    with pytest.raises(FacefakeError, match=r"youtube/000\.mp4 of ffpp.*youtube/000\.mp4 of dfdc") as error:
        compare(entrant("a", reals(2)), entrant("b", reals(2, dataset="dfdc")))
    assert error.value.code == "protocol_mismatch"
    with pytest.raises(FacefakeError, match="another label") as error:
        compare(entrant("a", [clip("x", 0, 0.1, method="m")]), entrant("b", [clip("x", 1, 0.1, method="m")]))
    assert error.value.code == "protocol_mismatch"
    with pytest.raises(FacefakeError, match="no clip"):
        compare(entrant("a", [clip("x", 0, 0.1, status="error")]), entrant("b", reals(2)))


# which files are of one detector


def test_files_of_one_detector_are_one_and_others_are_others(tmp_path):
    files = [
        write(tmp_path / "1.json", [*reals(2), *fakes(2)]),
        write(tmp_path / "2.json", reals(3, dataset="dfdc")),
        write(tmp_path / "3.json", reals(2), sha256="cd" * 32),
        write(tmp_path / "4.json", reals(2), pooling="max"),
    ]
    found = detectors_of([read_scores(path) for path in files], ["facefake", "report"])
    assert [len(each.scores) for each in found] == [7, 2, 2]
    assert found[0].files == tuple(files[:2])
    assert len({each.name for each in found}) == 3
    assert found[1].provenance["inputs"][0]["path"] == str(files[2])
    assert len(found[1].provenance["inputs"][0]["sha256"]) == 64


def test_a_recipe_tells_detectors_apart_only_on_one_data_set(tmp_path):
    videos = write(tmp_path / "1.json", reals(2))
    crops = write(tmp_path / "2.json", reals(3, dataset="wilddeepfake"), recipe={"frames": "released"})
    more = write(tmp_path / "3.json", reals(2), recipe={"frames": "uniform:8"})
    assert [len(each.scores) for each in detectors_of([read_scores(path) for path in (videos, crops)], [])] == [5]
    assert [len(each.scores) for each in detectors_of([read_scores(path) for path in (videos, more)], [])] == [2, 2]


def test_a_detector_keeps_what_its_file_says(tmp_path):
    saved = {"protocols": [{"dataset": "ffpp", "version": 9}], "provenance": {"command": ["facefake", "score"]}}
    path = write(tmp_path / "1.json", reals(2), saved, threshold=0.7, threshold_source="fitted on val")
    (found,) = detectors_of([read_scores(path)], [])
    assert (found.name, found.threshold, found.threshold_source) == ("detector.safetensors", 0.7, "fitted on val")
    assert found.protocols[0]["version"] == 9
    assert found.provenance["inputs"][0]["command"] == ["facefake", "score"]
    assert found.provenance["detector"]["selection"]["split"] == "val"


def test_what_was_noted_of_each_data_set_when_it_was_scored_stands_in_the_report(tmp_path):
    paths = [
        write(tmp_path / f"{name}.json", [*reals(2, dataset=name), *fakes(2, dataset=name)], datasets={name: facts})
        for name, facts in (("dfdc", {"notes": ["no list names 3 videos"]}), ("ffiw", {"notes": []}))
    ]
    (found,) = detectors_of([read_scores(path) for path in paths], [])
    assert set(found.provenance["settings"]["datasets"]) == {"dfdc", "ffiw"}
    assert found.report(resamples=10, seed=0)["notes"][0] == "dfdc: no list names 3 videos"


def test_validation_scores_must_come_from_the_same_detector_and_rules(tmp_path):
    (tested,) = detectors_of([read_scores(write(tmp_path / "1.json", reals(2)))], [])
    cases = ({}, {"threshold": 0.9}, {"pooling": "max"}, {"sha256": "cd" * 32})
    files = [read_scores(write(tmp_path / f"v{i}.json", [], **case)) for i, case in enumerate(cases)]
    assert [same_detector(file, tested) for file in files] == [True, True, False, False]
