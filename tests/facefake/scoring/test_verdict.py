from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facefake.scoring.calibration import Calibration
from facefake.scoring.verdict import REASONS, Abstention, Evidence, FrameCounts, judge
from preprocessing.errors import FacefakeError

LIMITS = Abstention(min_frames=4, min_confidence=0.9, min_inter_eye=16, min_sharpness=10, min_brightness=20)
GOOD = Evidence(track=0, score=0.8, frames=30, confidence=0.99, inter_eye=60, sharpness=100, brightness=120)
FRAMES = FrameCounts(requested=32, decoded=32, with_face=31)


def verdict(*people, frames=FRAMES, **options):
    return judge(people, frames, limits=options.pop("limits", LIMITS), **options)


def test_high_scores_are_fake_and_low_scores_are_real():
    assert verdict(replace(GOOD, score=0.8)).verdict == "fake"
    assert verdict(replace(GOOD, score=0.2)).verdict == "real"


def test_a_scored_clip_has_numbers_and_no_reason():
    judgement = verdict(GOOD)
    assert (judgement.status, judgement.score, judgement.probability) == ("scored", 0.8, 0.8)
    assert judgement.reason is None
    assert judgement.set_aside == {}


def test_the_threshold_itself_is_fake():
    assert verdict(replace(GOOD, score=0.7), threshold=0.7).verdict == "fake"
    assert verdict(replace(GOOD, score=0.6999), threshold=0.7).verdict == "real"


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_thresholds_out_of_range_are_refused(threshold):
    with pytest.raises(FacefakeError) as error:
        verdict(GOOD, threshold=threshold)
    assert error.value.code == "config_invalid"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"frames": 3}, "too_few_faces"),
        ({"inter_eye": 15.9}, "faces_too_small"),
        ({"sharpness": 9.9}, "faces_blurred"),
        ({"brightness": 19.9}, "faces_too_dark"),
        ({"inter_eye": float("nan")}, "faces_too_small"),
    ],
)
def test_each_limit_alone_makes_the_only_person_inconclusive(change, reason):
    judgement = verdict(replace(GOOD, **change))
    assert (judgement.status, judgement.verdict, judgement.reason) == ("inconclusive", "inconclusive", reason)
    assert (judgement.score, judgement.probability) == (None, None)
    assert judgement.set_aside == {0: reason}


def test_limits_are_inclusive():
    assert verdict(Evidence(0, 0.8, 4, 0.9, 16, 10, 20)).status == "scored"


def test_limits_of_zero_are_off():
    off = Abstention(0, 0, 0, 0, 0)
    assert verdict(Evidence(0, 0.8, 1, 0.0, 0.0, 0.0, float("nan")), limits=off).status == "scored"


JUDGE_ALL = replace(LIMITS, abstain=False)


def test_without_abstaining_whatever_shows_a_face_is_judged_and_nothing_else():
    assert verdict(GOOD, limits=JUDGE_ALL, shortfall=True).status == "scored"
    assert verdict(replace(GOOD, confidence=0.7, inter_eye=3), limits=JUDGE_ALL).score == GOOD.score
    assert verdict(limits=JUDGE_ALL).reason == "no_face"


def test_without_abstaining_strays_still_have_no_say():
    strays = [replace(GOOD, track=track, score=0.99, frames=1) for track in (1, 2)]
    assert verdict(replace(GOOD, score=0.1), *strays, limits=JUDGE_ALL).score == 0.1
    poor = replace(GOOD, score=0.2, frames=3, confidence=0.8)
    judgement = verdict(poor, *strays, limits=JUDGE_ALL)
    assert (judgement.score, set(judgement.set_aside)) == (0.2, {1, 2})


def test_nobody_is_no_face():
    assert verdict(frames=FrameCounts(32, 32, 0)).reason == "no_face"


def test_flames_taken_for_faces_are_no_face():
    flames = [replace(GOOD, track=track, frames=track + 1, confidence=0.85) for track in range(6)]
    judgement = verdict(*flames)
    assert judgement.reason == "no_face"
    assert set(judgement.set_aside.values()) == {"faces_uncertain"}


def test_a_certain_face_gives_the_reason_rather_than_uncertain_ones():
    small, flames = replace(GOOD, track=1, frames=9, inter_eye=5), replace(GOOD, track=0, confidence=0.8)
    assert verdict(flames, small).reason == "faces_too_small"


def test_no_face_in_a_damaged_file_is_no_face_as_in_the_store():
    assert verdict(frames=FrameCounts(32, 10, 0), shortfall=True).reason == "no_face"


def test_a_shortfall_outweighs_good_faces():
    judgement = verdict(GOOD, shortfall=True)
    assert (judgement.reason, judgement.score) == ("decode_shortfall", None)
    assert judgement.set_aside == {}


@pytest.mark.parametrize("requested", [1, 2, 3])
def test_stills_and_short_clips_need_only_the_frames_they_have(requested):
    frames = FrameCounts(requested, requested, requested)
    assert verdict(replace(GOOD, frames=requested), frames=frames).status == "scored"
    if requested > 1:
        assert verdict(replace(GOOD, frames=requested - 1), frames=frames).reason == "too_few_faces"


def test_a_face_seen_once_is_never_the_most_suspicious_person():
    stray = replace(GOOD, track=1, score=0.99, frames=1)
    judgement = verdict(replace(GOOD, score=0.1), stray)
    assert (judgement.verdict, judgement.score) == ("real", 0.1)
    assert judgement.set_aside == {1: "too_few_faces"}


def test_one_forged_person_among_several_decides():
    people = [replace(GOOD, track=track, score=score) for track, score in enumerate((0.1, 0.9, 0.3))]
    assert verdict(*people).score == 0.9


def test_where_nobody_counts_the_reason_is_that_of_the_person_seen_most():
    small, stray = replace(GOOD, track=1, inter_eye=5), replace(GOOD, track=0, frames=1)
    assert verdict(stray, small).reason == "faces_too_small"


people_lists = st.lists(
    st.builds(
        Evidence,
        track=st.integers(0, 1000),
        score=st.floats(0, 1),
        frames=st.integers(1, 32),
        confidence=st.floats(0, 1),
        inter_eye=st.floats(0, 100),
        sharpness=st.floats(0, 50),
        brightness=st.floats(0, 255),
    ),
    max_size=6,
    unique_by=lambda person: person.track,
)


@settings(deadline=None)
@given(people_lists, st.floats(0, 1), st.booleans())
def test_numbers_exactly_when_scored_and_a_known_reason_exactly_when_not(people, threshold, shortfall):
    judgement = judge(people, FRAMES, threshold=threshold, limits=LIMITS, shortfall=shortfall)
    if judgement.status == "scored":
        counting = [person.score for person in people if person.track not in judgement.set_aside]
        assert judgement.score == max(counting)
        assert judgement.verdict == ("fake" if judgement.probability >= threshold else "real")
        assert judgement.reason is None
    else:
        assert judgement.verdict == "inconclusive"
        assert judgement.score is judgement.probability is None
        assert judgement.reason in REASONS


def test_every_reason_is_explained_in_plain_words():
    for code, wording in REASONS.items():
        assert wording.words
        assert wording.hint.endswith(".")
        assert code not in wording.words, "words for people, not the code again"


def test_the_calibrated_probability_is_what_the_threshold_is_compared_with():
    halved = Calibration("isotonic", {"scores": [0.0, 1.0], "probabilities": [0.0, 0.5]})
    judgement = verdict(replace(GOOD, score=0.8), calibration=halved)
    assert (judgement.verdict, judgement.score, judgement.probability) == ("real", 0.8, pytest.approx(0.4))
    assert verdict(replace(GOOD, score=0.8), calibration=halved, threshold=0.4).verdict == "fake"


@pytest.mark.parametrize("calibration", [None, Calibration("temperature", {"temperature": 1.0})])
@pytest.mark.parametrize("score", [0.4999997, 0.4999993])
def test_the_verdict_is_that_of_the_probability_as_results_show_it(score, calibration):
    judgement = verdict(replace(GOOD, score=score), calibration=calibration)
    assert judgement.verdict == ("fake" if round(judgement.probability, 6) >= 0.5 else "real")


def test_without_a_calibration_the_probability_is_the_score():
    assert verdict(GOOD).probability == GOOD.score
