"""Scoring of faces that a data set released cut out: what is unknown stays unknown and is held against nobody."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from facefake.models.detector import Detector
from facefake.scoring import ClipResult, ScoringRules, crop_notes, score_clips, score_store
from facefake.scoring.verdict import Abstention, Evidence, FrameCounts, judge
from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.run import extract_clips
from preprocessing.store import FaceStore
from preprocessing.video import Sampling
from tests.crops import write_crops

WILD = Recipe.of_release("wilddeepfake", Sampling("uniform", 8))
BENCH = Recipe.of_release("deepfakebench", Sampling("uniform", 8))
OURS = Recipe(geometry=CropGeometry("arcface", 1.3, 256))
UNKNOWN = Evidence(0, 0.9, 8, confidence=None, inter_eye=None, sharpness=90.0, brightness=120.0)
FRAMES = FrameCounts(8, 8, 8)


class Bright:
    """A detector of one geometry that scores a crop by its brightness."""

    def __init__(self, geometry: CropGeometry) -> None:
        self.card = SimpleNamespace(geometry=geometry.to_dict())

    check_geometry = Detector.check_geometry

    def score(self, crops):
        return np.array([crop.mean() / 255 for crop in crops])


def card(recipe: Recipe) -> SimpleNamespace:
    return SimpleNamespace(geometry=recipe.geometry.to_dict(), face_detector=recipe.face_detector)


@pytest.fixture
def stored(tmp_path):
    clip = Clip(write_crops(tmp_path / "v"), "v", "wilddeepfake", "fake", 1, "test", None, "v")
    store = FaceStore.open_or_create(tmp_path / "store", WILD)
    extract_clips([clip], store, WILD)
    return [clip], store


def test_limits_on_the_unknown_do_not_apply_and_those_on_the_known_do():
    assert judge([UNKNOWN], FRAMES).verdict == "fake"
    assert judge([replace(UNKNOWN, sharpness=0.5)], FRAMES).reason == "faces_blurred"
    assert judge([replace(UNKNOWN, brightness=3.0)], FRAMES).reason == "faces_too_dark"
    assert judge([replace(UNKNOWN, frames=1)], FRAMES).reason == "too_few_faces"
    assert judge([replace(UNKNOWN, frames=1)], FRAMES, limits=Abstention(abstain=False)).verdict == "fake"


def test_what_could_not_be_measured_is_not_the_same_as_what_nobody_measured():
    assert judge([replace(UNKNOWN, inter_eye=float("nan"))], FRAMES).reason == "faces_too_small"


def test_a_store_of_released_crops_is_scored_and_the_unknown_is_null(stored):
    clips, store = stored
    result = next(iter(score_store(clips, Bright(WILD.geometry), store)))
    assert (result.status, result.kind, result.frames.with_face) == ("scored", "video", 4)
    shown = result.to_dict()["people"][0]["frames"][0]
    assert [shown[name] for name in ("time", "landmarks", "confidence")] == [None] * 3
    assert shown["box"] == [0, 0, 47, 47]
    assert ClipResult.from_dict(result.to_dict()).to_dict() == result.to_dict()


def test_a_detector_refuses_crops_it_was_not_trained_on_unless_told_to(stored):
    clips, store = stored
    with pytest.raises(FacefakeError, match="template gend trained, wilddeepfake given") as caught:
        score_store(clips, Bright(CropGeometry()), store)
    assert caught.value.code == "crop_mismatch"
    assert next(iter(score_store(clips, Bright(CropGeometry()), store, foreign_crops=True))).status == "scored"


def test_a_detector_of_crops_only_a_release_holds_scores_no_video(tmp_path):
    video = Clip(tmp_path / "a.mp4", "a.mp4", "folder", "unlabelled", None, None, None, "a")
    with pytest.raises(FacefakeError, match="cannot be cut out like the crops of wilddeepfake") as caught:
        score_clips([video], Bright(WILD.geometry), WILD)
    assert caught.value.code == "crop_mismatch"


def test_like_crops_need_no_note():
    assert crop_notes(card(WILD), WILD.to_dict()) == []


def test_foreign_crops_and_another_face_detector_are_told_in_words():
    (note,) = crop_notes(card(BENCH), OURS.to_dict())
    assert note == "The faces here were found by mtcnn, those the detector was trained on by dlib."
    geometry, finder = crop_notes(card(OURS), WILD.to_dict())
    assert "template arcface trained, wilddeepfake here" in geometry
    assert "a face detector that the release does not name" in finder


@pytest.mark.parametrize(
    ("here", "trained", "words"),
    [
        ("scrfd-1a2b3c4d5e6f", "scrfd", "whether the weights are the same is not known"),
        ("scrfd-1a2b3c4d5e6f", "scrfd-000000000000", "by other weights, scrfd-000000000000"),
        (
            "yunet-1a2b3c4d5e6f",
            "scrfd-1a2b3c4d5e6f",
            "by yunet-1a2b3c4d5e6f, those the detector was trained on by scrfd",
        ),
    ],
)
def test_a_face_detector_is_the_same_only_if_its_weights_are(here, trained, words):
    knows = SimpleNamespace(geometry=OURS.geometry.to_dict(), face_detector=trained)
    (note,) = crop_notes(knows, OURS.with_face_detector(here, None).to_dict())
    assert words in note
    assert crop_notes(knows, OURS.with_face_detector(trained, None).to_dict()) == []


def test_a_damaged_crop_of_the_store_is_that_clips_error_and_names_what_to_do(stored):
    clips, store = stored
    crop = next(store.root.rglob("*.png"))
    whole = crop.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:37] + bytes(4) + whole[41:]):
        crop.write_bytes(damaged)
        result = next(iter(score_store(clips, Bright(WILD.geometry), store, rules=ScoringRules())))
        assert result.error is not None
        assert result.error.code == "store_damaged"
