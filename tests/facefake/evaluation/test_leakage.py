import pytest

from facefake.evaluation.leakage import leakage

DETECTOR = {
    "training": {"datasets": ["ffpp", "mine"], "split": "train"},
    "selection": {"datasets": ["ffpp"], "split": "val"},
    "calibration": {"method": "sigmoid", "fitted_on": {"datasets": ["celebdf"], "split": "val"}},
}
RELATED = {"ffpp": ("dfd",), "df40": ("ffpp", "celebdf")}


def said(*scored, detector=DETECTOR):
    return leakage(detector, scored, RELATED)


def test_other_data_and_other_splits_are_new():
    assert said(("ffpp", "test"), ("celebdf", "test"), ("dfdc", None), ("wilddeepfake", "train")) == []


@pytest.mark.parametrize(
    ("scored", "words"),
    [
        (("ffpp", "train"), "trained on ffpp train"),
        (("mine", "train"), "trained on mine train"),
        (("ffpp", "val"), "chosen on ffpp val"),
        (("celebdf", "val"), "calibrated on celebdf val"),
    ],
)
def test_each_use_of_the_scored_videos_is_named(scored, words):
    (sentence,) = said(scored, scored, ("dfdc", "test"))
    assert words in sentence


def test_a_published_detector_has_seen_what_its_authors_say():
    published = {"training": None, "origin": {"name": "theirs", "training_sets": ["ffpp"]}}
    assert said(("celebdf", "test"), detector=published) == []
    assert "trained on ffpp train" in said(("ffpp", "train"), detector=published)[0]
    assert "footage of ffpp" in said(("dfd", "test"), detector=published)[0]


def test_a_published_detector_of_which_nothing_is_known_has_seen_nobody_knows_what():
    (sentence,) = said(("ffpp", "test"), detector={"origin": {"name": "theirs", "training_sets": []}})
    assert "does not say" in sentence


def test_one_sentence_for_each_of_several_uses():
    detector = DETECTOR | {"calibration": {"fitted_on": {"datasets": ["ffpp"], "split": "val"}}}
    assert len(said(("ffpp", "val"), ("ffpp", "train"), detector=detector)) == 3


def test_a_last_epoch_was_chosen_on_nothing():
    last = DETECTOR | {"selection": DETECTOR["selection"] | {"metric": "last_epoch"}}
    assert said(("ffpp", "val"), detector=last) == []


def test_videos_without_a_split_may_be_the_same():
    (sentence,) = said(("mine", None))
    assert "no known split" in sentence
    assert "mine train" in sentence


@pytest.mark.parametrize("other", ["dfd", "df40"])
def test_other_releases_of_the_training_footage_whichever_of_the_two_says_so(other):
    (sentence,) = said((other, "test"))
    assert f"{other} shows footage of ffpp" in sentence


def test_footage_the_detector_was_only_calibrated_on_is_no_training_data():
    assert said(("df40", "test"), detector=DETECTOR | {"training": {"datasets": ["dfdc"], "split": "train"}}) == []


def test_selection_of_older_files_was_on_the_training_sets():
    older = {"training": DETECTOR["training"], "selection": {"split": "val"}, "calibration": None}
    (sentence,) = said(("mine", "val"), detector=older)
    assert "chosen on mine val" in sentence


def test_a_detector_that_keeps_silent_and_scores_of_foreign_code():
    (sentence,) = said(("ffpp", "train"), detector={"training": None, "selection": None, "calibration": None})
    assert "unknown" in sentence
    assert said(("ffpp", "train"), detector=None) == []
