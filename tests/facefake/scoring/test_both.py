"""Which path speaks for a file."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facefake.scoring.both import merged, of_paths
from facefake.scoring.result import ClipResult, ErrorFacts

ERROR = ErrorFacts("timeout", "It took too long.", "Wait longer.")


def answer(via, status, verdict="inconclusive", probability=None, reason=None, sha256="ab"):
    error = ERROR if status == "error" else None
    return ClipResult("a.mp4", sha256, "video", status, verdict, probability, probability, reason, error=error, via=via)


def scored(via, probability, threshold=0.5):
    return answer(via, "scored", "fake" if probability >= threshold else "real", probability)


def without(via, status):
    return answer(via, status, reason="decode_shortfall" if status == "inconclusive" else None)


def answers(via):
    unit = st.floats(0, 1)
    return st.one_of(
        st.builds(scored, st.just(via), unit, unit),
        st.builds(without, st.just(via), st.sampled_from(["inconclusive", "error"])),
    )


@given(answers("face"), answers("image"))
def test_the_most_suspicious_path_speaks(face, image):
    result = merged(face, image)
    both = (face, image)
    assert (result.verdict == "fake") == any(each.verdict == "fake" for each in both)
    assert (result.status == "scored") == any(each.status == "scored" for each in both)
    assert (result.status == "error") == all(each.status == "error" for each in both)
    assert (result.probability is None) == (result.score is None) == (result.status != "scored")
    # nobody is as suspicious by a higher probability than the one that speaks
    assert all(each.verdict != result.verdict or (each.probability or 0) <= (result.probability or 0) for each in both)


@given(answers("face"), answers("image"))
def test_nothing_that_either_path_said_is_lost(face, image):
    result = merged(face, image)
    speaker, silent = (face, image) if result.via == "face" else (image, face)
    assert {result.via, result.other.via} == {"face", "image"}
    for name in ("status", "verdict", "probability", "score", "reason", "people", "frames", "error"):
        assert getattr(result, name) == getattr(speaker, name)
    for name in ("status", "verdict", "probability", "score"):
        assert getattr(result.other, name) == getattr(silent, name)
    assert result.other.reason == (silent.error.code if silent.error else silent.reason)


def test_a_fake_by_a_low_threshold_outweighs_a_higher_probability_that_is_real_by_its_own():
    result = merged(scored("face", 0.4, threshold=0.3), scored("image", 0.6, threshold=0.7))
    assert (result.via, result.verdict, result.probability) == ("face", "fake", 0.4)
    assert (result.other.verdict, result.other.probability) == ("real", 0.6)


def test_where_there_is_no_face_the_whole_picture_speaks():
    result = merged(answer("face", "inconclusive", reason="no_face"), scored("image", 0.1))
    assert (result.via, result.verdict) == ("image", "real")
    assert (result.other.status, result.other.reason) == ("inconclusive", "no_face")


def test_of_equal_answers_the_face_path_speaks_which_names_a_person():
    assert merged(scored("face", 0.7), scored("image", 0.7)).via == "face"


@pytest.mark.parametrize("status", ["inconclusive", "error"])
def test_without_any_answer_the_path_speaks_that_asks_least(status):
    assert merged(without("face", status), without("image", status)).via == "image"


@pytest.mark.parametrize(("face", "image"), list(product([None, "cd"], repeat=2)))
def test_the_bytes_are_named_if_either_path_could_read_them(face, image):
    one = answer("face", "error", sha256=face)
    other = answer("image", "scored", "real", 0.1, sha256=image)
    assert merged(one, other).sha256 == (face or image)


def test_a_single_path_has_results_of_its_own():
    results = [scored("image", 0.1), scored("image", 0.9)]
    assert list(of_paths([iter(results)])) == results


def test_paths_that_do_not_speak_of_the_same_files_are_never_matched():
    with pytest.raises(ValueError, match="shorter"):
        list(of_paths([iter([scored("face", 0.1)]), iter([])]))
