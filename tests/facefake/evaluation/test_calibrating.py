import json

import numpy as np
import pytest
from scipy.special import expit

from facefake.evaluation.calibrating import FOLDS, MIN_VIDEOS, calibrate
from facefake.evaluation.scores import Scores
from facefake.scoring.calibration import METHODS, Calibration
from facefake.scoring.result import ClipResult, FrameScore, PersonResult, Truth
from preprocessing.errors import FacefakeError

DETECTOR = "d" * 64


def result(name, label, score, split="val", pair=None, status="scored"):
    person = PersonResult(0, score, score, (FrameScore(0, 0.0, score, (0, 0, 9, 9), (), 0.99),))
    return ClipResult(
        path=name,
        sha256=None,
        kind="video",
        status=status,
        verdict="fake",
        probability=None if status != "scored" else score,
        score=None if status != "scored" else score,
        people=(person,) if status == "scored" else (),
        truth=Truth(name, "ffpp", "Deepfakes" if label else "youtube", split, label, pair),
    )


def validation(pairs=70, fakes=5, seed=0, shift=1.0, spread=1.5, **changes):
    """Like FaceForensics++: two reals and their fakes by so many methods in a source group; over-confident scores."""
    rng = np.random.default_rng(seed)
    found = []
    for pair in range(pairs):
        ease = rng.normal(0, 0.7)  # what the versions of one recording have in common
        for version in range(2 + 2 * fakes):
            label = int(version >= 2)
            odds = (3 if label else -3) + spread * rng.normal() * 2 + ease + shift
            found.append(result(f"{pair}-{version}.mp4", label, round(float(expit(2 * odds)), 6), pair=f"{pair}"))
    return [*found, *changes.get("extra", ())]


def fitted(results, *arguments):
    return calibrate(Scores.of(results), DETECTOR, *arguments)


def refused(results, *arguments):
    with pytest.raises(FacefakeError) as caught:
        fitted(results, *arguments)
    assert caught.value.code == "calibration_invalid"
    return caught.value


VIDEOS = validation()


def test_it_tells_what_it_was_fitted_on():
    on = fitted(VIDEOS).calibration.fitted_on
    assert (on.datasets, on.split, on.real, on.fake, on.groups) == (("ffpp",), "val", 140, 700, 70)
    assert on.detector == DETECTOR
    assert on.sha256 == fitted(VIDEOS[::-1]).calibration.fitted_on.sha256
    changed = [*VIDEOS[:-1], result("69-11.mp4", 1, 0.123456, pair="69")]
    assert on.sha256 != fitted(changed).calibration.fitted_on.sha256


@pytest.mark.parametrize("method", METHODS)
def test_log_loss_brier_and_ece_fall_also_out_of_fold(method):
    made = fitted(VIDEOS, method)
    for name in ("log_loss", "brier", "ece"):
        before, unseen, seen = (getattr(each, name) for each in (made.before, made.out_of_fold, made.in_sample))
        if (method, name) != ("isotonic", "log_loss"):  # a step at 0 or 1 may be wrong without limit
            assert unseen < before
        assert seen < before


def test_a_map_of_many_steps_flatters_itself_in_sample():
    made = fitted(VIDEOS, "isotonic")
    assert made.in_sample.ece < 1e-9
    assert made.out_of_fold.ece > 0.005


def test_clips_without_a_score_are_left_out():
    extra = [result("none.mp4", 0, 0.0, status="inconclusive"), result("gone.mp4", 1, 0.0, status="error")]
    assert fitted([*VIDEOS, *extra]).calibration == fitted(VIDEOS).calibration


def rates(results, made):
    """FPR and FNR of a calibration and its threshold on results."""
    labels = np.array([each.truth.label for each in results])
    called = made.calibration.apply([each.score for each in results]) >= made.threshold
    return called[labels == 0].mean(), (~called[labels == 1]).mean()


def test_the_default_threshold_is_one_half_and_balances_the_classes_of_new_videos():
    made = fitted(VIDEOS)
    assert made.threshold == 0.5
    assert made.threshold_source.startswith("balanced: ")
    assert "ffpp val" in made.threshold_source
    new = validation(pairs=2000, seed=1)
    least = min(sum(rates(new, _at(made, threshold))) for threshold in np.linspace(0.05, 0.95, 91))
    assert sum(rates(new, made)) < least + 0.01


def _at(made, threshold):
    from dataclasses import replace

    return replace(made, threshold=threshold)


def test_equal_error_rates():
    made = fitted(VIDEOS, "sigmoid", "eer")
    false_alarms, misses = rates(VIDEOS, made)
    assert false_alarms == pytest.approx(misses, abs=1 / 140)


@pytest.mark.parametrize(("rule", "most"), [("fpr:0.01", 1), ("fpr:0.05", 7), ("fpr:0.1", 14)])
def test_no_more_false_alarms_than_asked_for_and_the_lowest_threshold_that_keeps_to_it(rule, most):
    made = fitted(VIDEOS, "sigmoid", rule)
    reals = np.array([each.score for each in VIDEOS if each.truth.label == 0])
    probabilities = np.sort(made.calibration.apply(reals))
    assert (probabilities >= made.threshold).sum() == most
    # half way between the highest real that must pass for real and the next video above it
    everyone = np.sort(made.calibration.apply([each.score for each in VIDEOS]))
    below, above = everyone[everyone < made.threshold].max(), everyone[everyone >= made.threshold].min()
    assert below == probabilities[-most - 1]
    assert made.threshold == pytest.approx((below + above) / 2)


def test_error_rates_are_those_of_videos_whose_source_group_was_not_seen():
    made = fitted(VIDEOS, "sigmoid", "fpr:0.05")
    errors = made.calibration.errors
    assert (errors.folds, errors.threshold) == (FOLDS, made.threshold)
    assert (errors.false_positive.videos, errors.false_negative.videos) == (140, 700)
    new = rates(validation(pairs=3000, seed=2), made)
    assert errors.false_positive.low <= new[0] <= errors.false_positive.high
    assert errors.false_negative.value == pytest.approx(new[1], abs=0.05)


def test_versions_of_one_recording_never_help_to_judge_each_other():
    """Each pair's clips have one score of their own, and labels that no rule explains: what was seen would be known."""
    rng = np.random.default_rng(3)
    results = []
    for pair, score in enumerate(np.linspace(0.01, 0.99, 60).round(6)):
        label = int(rng.uniform() < 0.3 + 0.4 * score)
        results += [result(f"{pair}-{version}.mp4", label, float(score), pair=f"{pair}") for version in range(10)]
    made = fitted(results, "isotonic")
    assert made.in_sample.brier < made.out_of_fold.brier - 0.02


def test_no_video_had_a_say_in_the_threshold_it_is_judged_by():
    """A threshold told from all 140 reals lets exactly 14 pass as a tenth; told from four folds, about as many."""
    errors = [
        fitted(validation(seed=seed), "sigmoid", "fpr:0.1").calibration.errors.false_positive.errors
        for seed in range(5)
    ]
    assert set(errors) != {14}
    assert all(7 <= count <= 28 for count in errors)


@pytest.mark.parametrize("split", ["train", "test", None])
def test_a_clip_of_another_split_is_refused(split):
    error = refused([*VIDEOS, result("other.mp4", 1, 0.9, split=split)])
    assert "other.mp4" in error.message
    refused([*VIDEOS, result("other.mp4", 1, 0.0, split=split, status="error")])


@pytest.mark.parametrize("method", METHODS)
def test_too_few_videos_are_refused(method):
    least = MIN_VIDEOS[method]
    scored = [result(f"{label}-{n}.mp4", label, 0.3 + 0.4 * label) for label in (0, 1) for n in range(least)]
    assert fitted(scored, method).calibration.method == method
    assert f"{least - 1} real" in refused(scored[1:], method).message
    assert f"{least - 1} fake" in refused(scored[:-1], method).message
    assert "0 fake" in refused(scored[:least], method).message


def test_too_few_source_groups_are_refused():
    refused([result(f"{n}.mp4", n % 2, 0.3 + 0.4 * (n % 2), pair=f"{n % 4}") for n in range(80)])


@pytest.mark.parametrize("rule", ["best", "fpr", "fpr:", "fpr:2", "fpr:nan", "fpr:-0.1", "eer:0.1", ""])
def test_rules_that_do_not_exist(rule):
    assert "balanced" in refused(VIDEOS, "sigmoid", rule).hint


def test_a_share_smaller_than_one_real_video_is_refused():
    assert "less than one" in refused(VIDEOS, "sigmoid", "fpr:0.005").message


def test_a_step_that_holds_too_many_reals_gives_no_threshold():
    scored = [result(f"{n}.mp4", int(n >= 200), 0.2 if n % 4 else 0.9) for n in range(399)]
    assert "no threshold" in refused(scored, "isotonic", "fpr:0.01").message


def test_it_is_plain_json():
    made = fitted(VIDEOS).calibration
    assert Calibration.from_dict(json.loads(json.dumps(made.to_dict(), allow_nan=False))) == made
