import numpy as np
import pytest

from facefake.evaluation.metrics import eer
from facefake.evaluation.scores import Scores
from facefake.evaluation.threshold import equal_error_threshold, validated_threshold
from preprocessing.errors import FacefakeError
from tests.facefake.evaluation.results import clip, fakes, reals


def test_false_alarms_and_misses_are_as_equal_as_any_threshold_makes_them():
    rng = np.random.default_rng(0)
    for count in (7, 50, 400):
        labels = np.append(rng.integers(0, 2, count), [0, 1])
        values = np.round(np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1), 2)
        threshold = equal_error_threshold(labels, values)

        def gap(t, labels=labels, values=values):
            return abs((values[labels == 0] >= t).mean() - (values[labels == 1] < t).mean())

        assert gap(threshold) == pytest.approx(min(gap(t) for t in np.linspace(0.005, 0.995, 199)))
        rate = ((values[labels == 0] >= threshold).mean() + (values[labels == 1] < threshold).mean()) / 2
        assert rate == pytest.approx(eer(labels, values), abs=0.5 * gap(threshold) + 1e-9)


def test_it_lies_in_the_middle_of_a_clean_gap_and_calls_everything_fake_where_all_are_alike():
    assert equal_error_threshold([0, 0, 1], [0.1, 0.3, 0.9]) == pytest.approx(0.6)
    assert equal_error_threshold([0, 1], [0.4, 0.4]) == 0.4


def validation(**facts):
    return Scores.of(
        [*reals(4, **{"dataset": "celebdf", "split": "val"} | facts), *fakes(4, dataset="celebdf", split="val")]
    )


def test_it_comes_from_validation_clips():
    tested = Scores.of([*reals(3), *fakes(3)])
    assert validated_threshold(validation(), tested) == pytest.approx((0.25 + 0.6) / 2)


@pytest.mark.parametrize("split", ["test", "train", None])
def test_clips_of_another_split_are_refused(split):
    with pytest.raises(FacefakeError, match=str(split)) as error:
        validated_threshold(validation(split=split), Scores.of(reals(3)))
    assert error.value.code == "split_leak"


def test_validation_clips_that_are_test_clips_are_refused():
    # DeepfakeBench's Celeb-DF: val is test
    with pytest.raises(FacefakeError, match="both validation and test") as error:
        validated_threshold(validation(), validation())
    assert error.value.code == "split_leak"


def test_other_versions_of_test_footage_are_refused():
    tested = Scores.of([clip("made of it", 1, 0.5, dataset="celebdf", pair="77")])
    with pytest.raises(FacefakeError, match="77") as error:
        validated_threshold(validation(pair="77"), tested)
    assert error.value.code == "split_leak"


def test_one_class_or_no_probabilities_are_refused():
    tested = Scores.of(reals(3))
    with pytest.raises(FacefakeError) as error:
        validated_threshold(Scores.of(fakes(3, split="val")), tested)
    assert error.value.code == "one_class"
    ranked = validation()
    ranked.probability[:] = np.nan
    with pytest.raises(FacefakeError) as error:
        validated_threshold(ranked, tested)
    assert error.value.code == "scores_invalid"
