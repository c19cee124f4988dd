import pytest

from facefake.scoring.calibration import Calibration
from facefake.scoring.rules import ScoringRules
from facefake.scoring.verdict import Abstention
from preprocessing.errors import FacefakeError


def test_only_what_is_given_is_replaced():
    rules = ScoringRules("median", 0.7, Abstention(min_frames=9))
    assert rules.replaced() == rules
    assert rules.replaced(threshold=0.0).threshold == 0.0
    assert rules.replaced(threshold=0.0).pooling == "median"
    assert rules.replaced(judge_all=True).limits == Abstention(min_frames=9, abstain=False)


@pytest.mark.parametrize("options", [{"pooling": "best"}, {"threshold": 2.0}, {"threshold": float("nan")}])
def test_rules_that_make_no_sense_are_refused(options):
    for make in (ScoringRules, ScoringRules().replaced):
        with pytest.raises(FacefakeError) as error:
            make(**options)
        assert error.value.code == "config_invalid"


def test_settings_say_that_scores_are_not_calibrated():
    assert ScoringRules().to_dict()["calibration"] is None
    assert list(ScoringRules().to_dict()) == ["pooling", "threshold", "threshold_source", "calibration", "abstention"]


CALIBRATED = ScoringRules(
    "mean", 0.8, calibration=Calibration("temperature", {"temperature": 2.0}), threshold_source="fpr:0.01"
)


def test_a_calibrated_detectors_rules_stay_as_they_are():
    assert CALIBRATED.replaced(pooling="mean", judge_all=True).calibration == CALIBRATED.calibration
    assert CALIBRATED.to_dict()["calibration"]["parameters"] == {"temperature": 2.0}
    assert CALIBRATED.to_dict()["threshold_source"] == "fpr:0.01"


def test_a_threshold_of_the_users_is_named_so():
    rules = CALIBRATED.replaced(threshold=0.3)
    assert (rules.threshold, rules.threshold_source) == (0.3, "given by the user")
    assert rules.calibration is not None


def test_with_another_pooling_calibration_and_its_threshold_fall_away():
    assert CALIBRATED.replaced(pooling="max") == ScoringRules("max")
    assert CALIBRATED.replaced(pooling="max", threshold=0.3).threshold == 0.3
    assert ScoringRules(threshold=0.7).replaced(pooling="max").threshold == 0.7
