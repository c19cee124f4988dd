import pytest

from facefake.scoring.rules import ScoringRules
from facefake.scoring.verdict import Abstention
from preprocessing.errors import FacefakeError


def test_only_what_is_given_is_replaced():
    rules = ScoringRules("median", 0.7, Abstention(min_frames=9))
    assert rules.replaced() == rules
    assert rules.replaced(threshold=0.0) == ScoringRules("median", 0.0, Abstention(min_frames=9))
    assert rules.replaced(judge_all=True).limits == Abstention(min_frames=9, abstain=False)


@pytest.mark.parametrize("options", [{"pooling": "best"}, {"threshold": 2.0}, {"threshold": float("nan")}])
def test_rules_that_make_no_sense_are_refused(options):
    for make in (ScoringRules, ScoringRules().replaced):
        with pytest.raises(FacefakeError) as error:
            make(**options)
        assert error.value.code == "config_invalid"


def test_settings_say_that_scores_are_not_calibrated():
    assert ScoringRules().to_dict()["calibration"] is None
    assert list(ScoringRules().to_dict()) == ["pooling", "threshold", "calibration", "abstention"]
