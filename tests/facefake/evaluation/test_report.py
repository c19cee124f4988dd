import json
from dataclasses import replace

import pytest

from facefake.evaluation.metrics import NAMES
from facefake.evaluation.report import make_report
from facefake.scoring.result import ClipResult, ErrorFacts, FrameScore, PersonResult, Truth
from preprocessing.errors import FacefakeError


def clip(name, label, score, method=None, status="scored", frames=None, threshold=0.5):
    """A result as scoring makes it; ``frames`` are the frame scores of its one person."""
    method = method or ("Deepfakes" if label else "youtube")
    key = f"{method}/c23/videos/{name}.mp4"
    seen = tuple(
        FrameScore(i, i / 25, s, (0, 0, 9, 9), ((1.0, 1.0),) * 5, 1.0) for i, s in enumerate(frames or [score])
    )
    scored = status == "scored"
    return ClipResult(
        path=f"root/{key}",
        sha256="0" * 64,
        kind="video",
        status=status,
        verdict=("fake" if score >= threshold else "real") if scored else "inconclusive",
        probability=score if scored else None,
        score=score if scored else None,
        reason="no_face" if status == "inconclusive" else None,
        people=(PersonResult(0, score, score, seen),) if scored else (),
        error=ErrorFacts("timeout", "It took too long.", "Wait longer.") if status == "error" else None,
        truth=Truth(key, "ffpp", method, "test", label),
    )


REALS = [clip(f"{i:03}", 0, 0.1 + 0.05 * i) for i in range(5)]
FAKES = [clip(f"{i:03}_100", 1, 0.6 + 0.05 * i) for i in range(5)]


def report(*results, **options):
    return make_report(results, resamples=50, **options)


def test_the_report_has_the_keys_of_schema_1():
    made = report(*REALS, *FAKES)
    assert {"video", "frame", "per_method", "coverage"} <= set(made)
    assert list(made["video"]) == list(made["frame"]) == list(NAMES)
    assert list(made["video"]["auc"]) == ["value", "low", "high"]
    assert list(made["coverage"]) == ["videos", "scored", "inconclusive", "error"]
    assert made["bootstrap"] == {"resamples": 50, "seed": 0, "unit": "video"}
    assert made["threshold"] == 0.5
    json.dumps(made, allow_nan=False)


def test_polarity_high_scores_on_fakes_are_good():
    right = report(*REALS, *FAKES)
    wrong = report(*[clip(str(i), 0, 0.9) for i in range(3)], *[clip(str(i), 1, 0.1) for i in range(3)])
    assert (right["video"]["auc"]["value"], right["video"]["accuracy"]["value"]) == (1.0, 1.0)
    assert (wrong["video"]["auc"]["value"], wrong["video"]["accuracy"]["value"]) == (0.0, 0.0)
    assert (right["frame"]["auc"]["value"], wrong["frame"]["auc"]["value"]) == (1.0, 0.0)
    assert (right["per_method"]["Deepfakes"]["auc"]["value"], wrong["per_method"]["Deepfakes"]["auc"]["value"]) == (
        1,
        0,
    )


def test_clips_of_one_name_under_four_methods_are_never_merged():
    methods = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
    fakes = [clip("000_003", 1, 0.9 - 0.2 * i, method=method) for i, method in enumerate(methods)]
    made = report(*REALS, *fakes)
    assert made["coverage"]["videos"] == 9
    assert made["counts"] == {"real": 5, "fake": 4}
    assert {name: part["videos"] for name, part in made["per_method"].items()} == dict.fromkeys(methods, 1)


def test_each_method_is_compared_with_all_reals():
    fakes = [clip("a", 1, 0.9, method="easy"), clip("b", 1, 0.22, method="hard")]
    made = report(*REALS, *fakes)["per_method"]
    assert made["easy"]["auc"]["value"] == 1.0
    assert made["hard"]["auc"]["value"] == pytest.approx(3 / 5)  # above 0.10, 0.15 and 0.20 of the five reals
    assert (made["hard"]["videos"], made["hard"]["reals"]) == (1, 5)


def test_coverage_counts_every_clip_and_metrics_only_scored_ones():
    others = [clip("x", 1, 0.0, status="inconclusive"), clip("y", 0, 0.0, status="error")]
    made = report(*REALS, *FAKES, *others)
    assert made["coverage"] == {"videos": 12, "scored": 10, "inconclusive": 1, "error": 1}
    assert made["video"]["auc"]["value"] == 1.0
    assert any("2 of 12" in note for note in made["notes"])


def test_frame_metrics_are_over_single_faces():
    real = clip("r", 0, 0.4, frames=[0.2, 0.6])
    fake = clip("f", 1, 0.5, frames=[0.3, 0.7])
    made = report(real, fake)
    assert made["video"]["auc"]["value"] == 1.0
    assert made["frame"]["auc"]["value"] == 0.75
    assert made["frame"]["accuracy"]["value"] == 0.5


def test_frames_are_those_of_the_most_suspicious_person_who_counts():
    quiet = PersonResult(1, 0.05, 0.05, clip("q", 1, 0.05).people[0].frames)
    aside = PersonResult(2, None, 0.99, clip("a", 1, 0.99).people[0].frames, "too_few_faces")
    fake = clip("f", 1, 0.7)
    made = report(clip("r", 0, 0.2), replace(fake, people=(quiet, *fake.people, aside)))
    assert made["frame"]["auc"]["value"] == 1.0
    alone = report(clip("r", 0, 0.8), replace(fake, people=(quiet, *fake.people, aside)))
    assert alone["frame"]["auc"]["value"] == 0.0


def test_one_class_gives_no_metrics_and_a_note():
    made = report(*FAKES)
    assert made["video"] == made["frame"] == dict.fromkeys(NAMES)
    assert made["per_method"]["Deepfakes"]["auc"] is None
    assert any("Only fake clips" in note for note in made["notes"])


def test_nothing_scored_gives_no_metrics_and_a_note():
    made = report(clip("x", 1, 0, status="error"))
    assert made["video"]["auc"] is None
    assert made["per_method"] == {}
    assert any("No clip was scored" in note for note in made["notes"])


def test_unlabelled_clips_are_left_out_and_none_labelled_is_an_error():
    unlabelled = replace(clip("u", 1, 0.0), truth=None)
    assert report(*REALS, *FAKES, unlabelled)["coverage"]["videos"] == 10
    with pytest.raises(FacefakeError) as error:
        report(unlabelled)
    assert error.value.code == "labels_missing"


def test_a_clip_given_twice_counts_once():
    made = report(*REALS, *FAKES, FAKES[0])
    assert made["coverage"]["videos"] == 10
    assert any("more than once" in note for note in made["notes"])


def test_accuracy_is_of_the_verdicts_given():
    strict = [clip("r", 0, 0.4, threshold=0.3), clip("f", 1, 0.6, threshold=0.3)]
    assert report(*strict, threshold=0.3)["video"]["accuracy"]["value"] == 0.5


def test_a_generator_is_enough_and_equal_input_gives_equal_reports():
    assert make_report(iter([*REALS, *FAKES]), resamples=20) == make_report([*REALS, *FAKES], resamples=20)


@pytest.mark.parametrize(
    ("reals", "note"), [(5, "at 1 % and at 5 % FPR allow no"), (20, "at 1 % FPR allows no"), (100, "")]
)
def test_too_few_reals_for_a_false_alarm_rate_are_noted(reals, note):
    made = report(*[clip(f"r{i}", 0, 0.1) for i in range(reals)], *FAKES)
    assert note in " ".join(made["notes"])
    assert bool(made["notes"]) == bool(note)
