"""real = 0 and fake = 1 from a release's own list to the report, Celeb-DF's reversed list included."""

import pytest

from facefake.evaluation import Scores, make_report
from facefake.scoring.result import ClipResult, FrameScore, PersonResult
from facefake.scoring.score import truth
from preprocessing.datasets import get_reader
from tests.preprocessing.datasets import trees


def scored(clip, score):
    frame = FrameScore(0, 0.0, score, (0, 0, 9, 9), ((0, 0),) * 5, 1.0)
    return ClipResult(
        path=clip.key,
        sha256=None,
        kind="video",
        status="scored",
        verdict="fake" if score >= 0.5 else "real",
        score=score,
        probability=score,
        people=(PersonResult(0, score, score, (frame,)),),
        truth=truth(clip),
    )


def report_for(root, score_of_real):
    """Score by the letter of the list, where 1 is real, never by our own labels."""
    lines = (root / "List_of_testing_videos.txt").read_text().splitlines()
    says_real = {line.split()[1]: line.split()[0] == "1" for line in lines}
    clips = [clip for clip in get_reader("celebdf").read(root).clips if clip.split == "test"]
    return make_report(
        Scores.of([scored(clip, score_of_real if says_real[clip.key] else 1 - score_of_real) for clip in clips])
    )


@pytest.mark.parametrize(("score_of_real", "expected"), [(0.1, 1.0), (0.9, 0.0)])
def test_perfect_and_reversed_scores(tmp_path, score_of_real, expected):
    report = report_for(trees.celebdf(tmp_path), score_of_real)
    assert report["video"]["auc"]["value"] == expected
    assert report["frame"]["auc"]["value"] == expected
    assert report["video"]["accuracy"]["value"] == expected


@pytest.mark.data
@pytest.mark.parametrize(("score_of_real", "expected"), [(0.1, 1.0), (0.9, 0.0)])
def test_perfect_and_reversed_scores_on_the_real_release(test_data, score_of_real, expected):
    assert report_for(test_data / "celebdf", score_of_real)["video"]["auc"]["value"] == expected
