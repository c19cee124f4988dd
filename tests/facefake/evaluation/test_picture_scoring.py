from dataclasses import replace

import numpy as np
import pytest

from facefake import api
from facefake.evaluation.picture_scoring import score_pictures
from preprocessing.corruptions import Corruption
from preprocessing.datasets import get_reader
from preprocessing.faces import CropGeometry
from tests.facefake.cli import picture_sets
from tests.facefake.detectors import random_detector


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    root = picture_sets.clipping(tmp_path_factory.mktemp("sets"), {"progan": 30, "dalle3": 10}, count=3)
    return get_reader("clipping").read(root).clips


@pytest.mark.parametrize("template", ["resize-crop", "crop", "squash", "five-crop"])
def test_scores_are_those_of_scoring_the_files(clips, template, tmp_path):
    detector = api.load(random_detector(tmp_path / "d.safetensors", CropGeometry(template, 1, 32)), device="cpu")
    found = score_pictures(clips, detector, tmp_path / "features")
    expected = {result.path: result.score for result in api.score([clip.path for clip in clips], detector)}
    assert found.score == pytest.approx(np.array([expected[str(clip.path)] for clip in clips]), abs=2e-6)
    assert len(set(np.round(found.score, 4))) > 6
    assert found.label.tolist() == [clip.label for clip in clips]


def test_features_of_a_tuned_tower_do_not_stay(clips, tmp_path):
    detector = api.load(random_detector(tmp_path / "d.safetensors", CropGeometry("crop", 1, 32)), device="cpu")
    score_pictures(clips, detector, tmp_path / "features")
    assert not list((tmp_path / "features").glob("*/"))


def test_a_corruption_is_done_to_the_picture_first(clips, tmp_path):
    detector = api.load(random_detector(tmp_path / "d.safetensors", CropGeometry("crop", 1, 32)), device="cpu")
    clean = score_pictures(clips, detector, tmp_path / "features").score
    harsh = Corruption("blur", 3)
    blurred = score_pictures(clips, detector, tmp_path / "features", harsh).score
    assert np.abs(blurred - clean).max() > 1e-3
    again = score_pictures(clips, detector, tmp_path / "features", harsh).score
    assert np.array_equal(again, blurred)


def test_what_cannot_be_read_has_a_reason_and_no_score(clips, tmp_path):
    gone = [clips[0], replace(clips[1], path=tmp_path / "gone.png"), *clips[2:]]
    detector = api.load(random_detector(tmp_path / "d.safetensors", CropGeometry("crop", 1, 32)), device="cpu")
    found = score_pictures(gone, detector, tmp_path / "features")
    assert found.reason.tolist() == [None, "not_found", *[None] * (len(clips) - 2)]
    assert found.scored.sum() == len(clips) - 1
