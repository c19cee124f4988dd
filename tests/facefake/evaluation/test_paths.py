"""Reports on results of both paths."""

from dataclasses import replace

import pytest

from facefake.cli.options import Source
from facefake.cli.report_inputs import Inputs, with_threshold
from facefake.evaluation.calibrating import check_origin
from facefake.evaluation.detectors import detectors_of, same_detector
from facefake.evaluation.paths import detectors_in
from facefake.evaluation.scores_file import read_scores
from facefake.scoring.result import Opinion
from preprocessing.errors import FacefakeError
from tests.facefake.detectors import random_detector
from tests.facefake.evaluation.results import DETECTOR, SETTINGS, fakes, reals, write

PICTURES = DETECTOR | {
    "name": "pictures.safetensors",
    "sha256": "cd" * 32,
    "training": {"datasets": ["celebdf"], "split": "train"},
    "selection": {"split": "test", "metric": "video_auc", "value": 0.9, "epoch": 3},
}


def paths(face=0.5, image=0.5, **image_settings):
    each = {"face": (DETECTOR, face, {}), "image": (PICTURES, image, image_settings)}
    return {
        via: {"detector": detector, **SETTINGS, "threshold": threshold, **more}
        for via, (detector, threshold, more) in each.items()
    }


def both():
    silent = Opinion("image", "scored", "real", 0.01, 0.01, None)
    spoken = [replace(each, other=silent) for each in (*reals(6), *fakes(6))]
    for place in (0, 3, 7):
        spoken[place] = replace(spoken[place], via="image", other=replace(silent, via="face"))
    return spoken


def report_on(*files):
    (entrant,) = detectors_of([read_scores(file) for file in files], ["facefake", "report"])
    return entrant, entrant.report(resamples=20, seed=0)


def test_a_report_names_both_detectors_and_says_which_path_spoke_how_often(tmp_path):
    entrant, report = report_on(write(tmp_path / "both.json", both(), paths=paths()))
    assert entrant.name == "detector.safetensors + pictures.safetensors"
    assert "Faces gave the answer for 9 clips, the whole picture for 3." in report["notes"]
    assert [each["name"] for each in detectors_in(report["provenance"])] == [
        "detector.safetensors",
        "pictures.safetensors",
    ]
    assert report["video"]["accuracy"]["value"] == 1.0


def test_what_either_detector_has_seen_is_said_of_it(tmp_path):
    _, report = report_on(write(tmp_path / "both.json", both(), paths=paths()))
    notes = " ".join(report["notes"])
    assert "detector.safetensors: The checkpoint was chosen by AUC over clips on the val split" in notes
    assert "pictures.safetensors: The checkpoint was chosen on a test split" in notes


def test_two_detectors_in_files_of_one_name_are_told_apart_by_their_digest(tmp_path):
    detectors = paths()
    for each in detectors.values():
        each["detector"] = {**each["detector"], "name": "detector.safetensors"}
    _, report = report_on(write(tmp_path / "both.json", both(), paths=detectors))
    said = [note.split(": ")[0] for note in report["notes"] if "checkpoint was chosen" in note]
    assert len(said) == len(set(said)) == 2
    assert all(name.startswith("detector.safetensors (") for name in said)


def test_with_two_thresholds_the_scores_are_a_ranking_and_the_report_says_so(tmp_path):
    _, report = report_on(write(tmp_path / "both.json", both(), paths=paths(0.4, 0.6)))
    assert report["video"]["auc"]["value"] == 1.0
    assert report["video"]["accuracy"] is None
    (note,) = [note for note in report["notes"] if note.startswith("Both paths were asked")]
    assert "0.4 for face and 0.6 for image" in note


def test_a_report_says_that_its_calibration_is_not_that_of_both(tmp_path):
    fitted = {"method": "sigmoid", "parameters": {"slope": 1.0, "intercept": 0.0}}
    _, report = report_on(write(tmp_path / "both.json", both(), paths=paths(calibration=fitted)))
    assert any(note.startswith("Each path has a calibration of its own") for note in report["notes"])
    _, report = report_on(write(tmp_path / "plain.json", both(), paths=paths()))
    assert not any("calibration" in note for note in report["notes"])


def validated(tmp_path, **thresholds):
    """Test results of both paths with the threshold that validation results fix."""
    at = paths(**thresholds)
    tested, _ = report_on(write(tmp_path / "both.json", both(), paths=at))
    spoken = [
        replace(each, truth=replace(each.truth, split="val", clip=f"other/{each.truth.clip}", pair=f"v{number}"))
        for number, each in enumerate(both())
    ]
    inputs = Inputs(Source((), None, None, (), ()), (), None, None)
    return with_threshold(tested, write(tmp_path / "val.json", spoken, paths=at), inputs)


def test_one_threshold_for_both_paths_can_be_fixed_on_validation_clips(tmp_path):
    assert 0.35 < validated(tmp_path).threshold < 0.6


def test_where_thresholds_decided_who_spoke_another_for_both_is_refused(tmp_path):
    with pytest.raises(FacefakeError, match="Which path spoke") as error:
        validated(tmp_path, face=0.4, image=0.6)
    assert (error.value.code, "--threshold 0.5" in error.value.hint) == ("usage", True)


def test_results_of_another_second_detector_are_another_detectors(tmp_path):
    one = write(tmp_path / "one.json", both(), paths=paths())
    other = paths()
    other["image"] = other["image"] | {"detector": PICTURES | {"sha256": "ef" * 32}}
    two = write(tmp_path / "two.json", both(), paths=other)
    files = [read_scores(file) for file in (one, two, write(tmp_path / "face.json", fakes(2)))]
    entrants = detectors_of(files, [])
    assert len(entrants) == 3
    assert [same_detector(files[0], entrant) for entrant in entrants] == [True, False, False]


def test_one_detector_is_not_calibrated_on_the_answers_of_two(tmp_path):
    file = read_scores(write(tmp_path / "both.json", both(), paths=paths()))
    with pytest.raises(FacefakeError) as error:
        check_origin(file, random_detector(tmp_path / "detector.safetensors"))
    assert (error.value.code, "two detectors" in error.value.message) == ("calibration_invalid", True)
