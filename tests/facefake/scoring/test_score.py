"""From extracted faces to results, and from files to results with real faces."""

import hashlib
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from facefake.scoring.calibration import Calibration
from facefake.scoring.result import VideoFacts
from facefake.scoring.rules import ScoringRules
from facefake.scoring.score import BATCH, Extracted, Prepared, failed, score_clips, score_prepared
from facefake.scoring.stored import score_store
from facefake.scoring.verdict import Abstention, FrameCounts
from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.extract import FaceCrop
from preprocessing.faces import CropGeometry, Face, Quality
from preprocessing.recipe import Recipe
from preprocessing.run import extract_clips
from preprocessing.store import FaceStore


class GreyDetector:
    """Calls bright crops fake: P(fake) is the mean grey level over 255."""

    def score(self, crops):
        return np.array([crop.mean() / 255 for crop in crops])

    def check_geometry(self, geometry):
        if geometry != CropGeometry():
            raise FacefakeError("crop_mismatch", "other crops", "Use the detector's.")


class BrokenDetector(GreyDetector):
    def __init__(self, *scores):
        self.scores = np.array(scores)

    def score(self, crops):
        return self.scores


def clip(name="a.mp4", label=None, root=Path("root")):
    return Clip(root / name, name, "folder", "Deepfakes" if label else "unlabelled", label, None, None, name)


def crop(frame, track, score, **quality):
    """A face whose crop the grey detector gives ``score``, in steps of 1/255."""
    landmarks = np.float32([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]])
    facts = {"side": 90.0, "inter_eye": 40.0, "sharpness": 1000.0, "brightness": 128.0} | quality
    return FaceCrop(
        frame=frame,
        time=frame / 25,
        track=track,
        face=Face(np.float32([10, 20, 90, 110]), landmarks, 0.99),
        quality=Quality(**facts),
        main=track == 0,
        image=np.full((16, 16, 3), round(score * 255), np.uint8),
    )


def extraction(*faces, outcome="ok", frames=None):
    seen = len({face.frame for face in faces})
    video = VideoFacts("h264", 640, 480, 25.0, 4.0, 0)
    return Extracted(video, "video", outcome, frames or FrameCounts(seen, seen, seen), list(faces))


def score(*faces, rules=None, detector=None, label=None, **options):
    prepared = Prepared(clip(label=label), extraction(*faces, **options))
    (result,) = score_prepared([prepared], detector or GreyDetector(), rules or ScoringRules())
    return result


def test_frames_become_people_and_people_a_verdict():
    faces = [crop(i, track, value) for i in range(5) for track, value in ((0, 0.2), (1, 0.8))]
    result = score(*faces)
    assert (result.status, result.verdict) == ("scored", "fake")
    assert [person.track for person in result.people] == [0, 1]
    assert [person.score for person in result.people] == pytest.approx([0.2, 0.8])
    assert result.score == result.probability == result.people[1].score
    assert [frame.index for frame in result.people[0].frames] == [0, 1, 2, 3, 4]


def test_each_frame_keeps_its_own_score_and_place():
    frame = score(*[crop(i, 0, i / 5) for i in range(5)]).people[0].frames[3]
    assert (frame.index, frame.time, frame.score) == (3, pytest.approx(0.12), pytest.approx(0.6))
    assert frame.box == (10, 20, 90, 110)
    assert frame.landmarks[2] == (50, 60)


def test_the_pooling_rule_is_applied_to_each_person():
    faces = [crop(i, 0, value) for i, value in enumerate((0.0, 0.0, 0.0, 0.0, 1.0))]
    assert score(*faces).verdict == "real"
    assert score(*faces, rules=ScoringRules(pooling="max")).verdict == "fake"
    assert score(*faces, rules=ScoringRules(pooling="mean", threshold=0.2)).verdict == "fake"


def test_people_and_the_clip_get_the_calibrated_probability_and_keep_the_raw_score():
    calibration = Calibration("sigmoid", {"slope": 1.0, "intercept": -3.0})
    faces = [crop(i, track, value) for i in range(5) for track, value in ((0, 0.2), (1, 0.8))]
    raw, result = score(*faces), score(*faces, rules=ScoringRules(calibration=calibration))
    assert [person.score for person in result.people] == [person.score for person in raw.people]
    assert [person.probability for person in result.people] == pytest.approx(
        calibration.apply([person.score for person in raw.people]), abs=5e-7
    )
    assert (result.score, result.probability) == (raw.score, result.people[1].probability)
    assert (raw.verdict, result.verdict) == ("fake", "real")


def test_a_face_seen_once_stays_as_evidence_without_a_say():
    result = score(*[crop(i, 0, 0.2) for i in range(8)], crop(3, 1, 1.0))
    assert (result.verdict, result.score) == ("real", pytest.approx(0.2))
    stray = result.people[1]
    assert (stray.score, stray.probability, stray.reason) == (1.0, None, "too_few_faces")


def test_people_are_judged_by_the_median_of_their_faces():
    limits = ScoringRules(limits=Abstention(min_inter_eye=30))
    faces = [crop(i, 0, 0.9, inter_eye=40.0 if i < 3 else 5.0) for i in range(5)]
    assert score(*faces, rules=limits).status == "scored"
    faces = [crop(i, 0, 0.9, inter_eye=40.0 if i < 2 else 5.0) for i in range(5)]
    result = score(*faces, rules=limits)
    assert (result.reason, result.probability, result.people[0].probability) == ("faces_too_small", None, None)
    assert result.people[0].score == pytest.approx(0.9, abs=0.01)


def test_a_shortfall_keeps_what_was_seen_and_gives_no_number():
    result = score(*[crop(i, 0, 0.8) for i in range(8)], outcome="decode_shortfall", frames=FrameCounts(32, 8, 8))
    assert (result.verdict, result.reason, result.score) == ("inconclusive", "decode_shortfall", None)
    assert result.people[0].score == pytest.approx(0.8)


def test_no_face_needs_no_detector():
    result = score(detector=BrokenDetector(), outcome="no_face", frames=FrameCounts(32, 32, 0))
    assert (result.status, result.reason, result.people) == ("inconclusive", "no_face", ())


@pytest.mark.parametrize("scores", [(np.nan,) * 4, (0.5, 0.5, 0.5), (2.0,) * 4, (0.5,) * 5])
def test_a_detector_that_gives_no_scores_is_an_error_of_the_clip(scores):
    result = score(*[crop(i, 0, 0.8) for i in range(4)], detector=BrokenDetector(*scores))
    assert (result.status, result.error.code, result.score) == ("error", "scores_invalid", None)


def test_only_labelled_clips_carry_a_label():
    faces = [crop(i, 0, 0.8) for i in range(4)]
    assert score(*faces).truth is None
    truth = score(*faces, label=0).truth
    assert (truth.label, truth.clip) == (0, "a.mp4")


def test_crops_of_another_geometry_are_refused_before_anything_is_read():
    with pytest.raises(FacefakeError) as error:
        score_clips([], GreyDetector(), Recipe(geometry=CropGeometry(scale=2.0)))
    assert error.value.code == "crop_mismatch"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("clips")
    Image.fromarray(astronaut()).save(root / "astronaut.png")
    Image.fromarray(np.full((120, 160, 3), 90, np.uint8)).save(root / "wall.png")
    (root / "text.mp4").write_text("not a video")
    (root / "empty.mp4").write_bytes(b"")
    return root


@pytest.fixture(scope="module")
def clips(folder):
    names = ("astronaut.png", "wall.png", "text.mp4", "gone.mp4", "empty.mp4", "astronaut.png")
    return [clip(name, 1, folder) for name in names]


@pytest.fixture(scope="module")
def results(clips):
    return list(score_clips(clips, GreyDetector(), Recipe(), timeout=120))


def test_every_file_has_a_result_in_order_whatever_befell_the_others(clips, results):
    assert [result.path for result in results] == [str(clip.path) for clip in clips]
    assert [result.status for result in results] == ["scored", "inconclusive", "error", "error", "error", "scored"]
    codes = [result.error.code if result.error else result.reason for result in results]
    assert codes == [None, "no_face", "not_a_video", "not_found", "empty_file", None]
    assert results[0] == results[5]


def test_a_real_face_is_found_where_it_is(results):
    person = results[0].people[0]
    (x, y), *_ = person.frames[0].landmarks
    assert (x, y) == (pytest.approx(203, abs=4), pytest.approx(100, abs=4))
    assert results[0].kind == "image"
    assert results[0].frames == FrameCounts(1, 1, 1)


def test_results_name_the_bytes_they_speak_of(folder, results):
    digests = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("astronaut.png", "text.mp4")]
    assert [results[0].sha256, results[2].sha256, results[3].sha256] == [*digests, None]


def test_a_store_gives_the_same_results_as_the_files(tmp_path, clips, results):
    store = FaceStore.open_or_create(tmp_path / "store", Recipe())
    extract_clips(clips[:-1], store, Recipe(), timeout=120)
    stored = list(score_store(clips, GreyDetector(), store))
    assert [result.status for result in stored] == [result.status for result in results]
    for fresh, kept in zip(results, stored, strict=True):
        if fresh.error:
            assert (kept.error, kept.sha256) == (fresh.error, fresh.sha256)
        else:
            assert kept.to_dict() == fresh.to_dict()


def some(name, *values):
    return Prepared(clip(name), extraction(*[crop(i, 0, value) for i, value in enumerate(values)]))


class CountingDetector(GreyDetector):
    """Keeps how many crops it was asked for at a time."""

    def __init__(self):
        self.asked = []

    def score(self, crops):
        self.asked.append(len(crops))
        return super().score(crops)


def test_pictures_share_forward_passes_and_their_results_come_in_order():
    detector = CountingDetector()
    values = np.linspace(0, 1, 70)
    rules = ScoringRules().of_pictures()
    results = list(score_prepared([some(f"{i}.png", value) for i, value in enumerate(values)], detector, rules))
    assert detector.asked == [BATCH, BATCH, 70 - 2 * BATCH]
    assert [result.path for result in results] == [f"root/{i}.png" for i in range(70)]
    assert [result.score for result in results] == pytest.approx(values, abs=1 / 255)


def test_a_clip_that_fills_a_batch_waits_for_no_other():
    detector = CountingDetector()
    video = [0.5] * BATCH
    results = score_prepared([some("a", *video), some("b", *video), some("c", 0.5)], detector, ScoringRules())
    assert next(results).path == "root/a"
    assert detector.asked == [BATCH]
    assert len(list(results)) == 2


def test_files_without_a_crop_do_not_keep_others_waiting():
    error = FacefakeError("not_found", "gone", "look")
    taken = []

    def endless():
        yield some("first", 0.5)
        while True:
            taken.append(1)
            yield Prepared(clip("gone"), error)

    assert next(score_prepared(endless(), GreyDetector(), ScoringRules())).path == "root/first"
    assert len(taken) < BATCH


class NanDetector(GreyDetector):
    """Has no number for white."""

    def score(self, crops):
        return np.array([np.nan if crop.min() == 255 else crop.mean() / 255 for crop in crops])


def test_a_crop_the_detector_has_no_number_for_spoils_no_other_clip_of_its_batch():
    prepared = [
        some("a", 0.2),
        some("white", 1.0),
        Prepared(clip("gone"), FacefakeError("not_found", "", "")),
        some("b", 0.8),
    ]
    results = list(score_prepared(prepared, NanDetector(), ScoringRules().of_pictures()))
    assert [result.error.code if result.error else result.score for result in results] == [
        pytest.approx(0.2),
        "scores_invalid",
        "not_found",
        pytest.approx(0.8),
    ]


def test_a_detector_that_fails_fails_only_clips_that_it_was_asked_for():
    nobody = Prepared(clip("wall"), extraction(outcome="no_face", frames=FrameCounts(1, 1, 0)))
    results = list(score_prepared([some("a", 0.2), nobody], BrokenDetector(), ScoringRules()))
    assert [result.status for result in results] == ["error", "inconclusive"]


class WatchingDetector(GreyDetector):
    """Counts, whenever it is asked, how many of the crops it was shown before are still held by anybody."""

    def __init__(self):
        self.shown, self.held = [], []

    def score(self, crops):
        self.held.append(sum(crop() is not None for crop in self.shown))
        self.shown += [weakref.ref(crop) for crop in crops]
        return super().score(crops)


@pytest.mark.parametrize("source", ["files", "store"])
def test_no_crop_of_a_clip_outlives_its_batch(tmp_path, folder, source, monkeypatch):
    """DeepfakeBench's ``test_one_dataset`` kept every feature until the end (its issue 109)."""
    portraits = [
        replace(clip("astronaut.png", 1, folder), key=f"{number}.png", name=f"{number}") for number in range(5)
    ]
    monkeypatch.setattr("facefake.scoring.score.BATCH", 2)
    detector = WatchingDetector()
    if source == "files":
        results = list(score_clips(portraits, detector, Recipe(), timeout=120))
    else:
        store = FaceStore.open_or_create(tmp_path / "store", Recipe())
        extract_clips(portraits, store, Recipe(), timeout=120)
        results = list(score_store(portraits, detector, store))
    assert [result.status for result in results] == ["scored"] * 5
    assert len(detector.shown) == 5
    assert detector.held == [0] * 3


def test_what_a_store_lacks_or_has_damaged_is_an_error_of_that_clip(tmp_path, clips):
    store = FaceStore.open_or_create(tmp_path / "store", Recipe())
    extract_clips(clips[:2], store, Recipe(), timeout=120)
    next((tmp_path / "store").rglob("t0_*.png")).write_bytes(b"not a picture")
    unknown = replace(clips[0], key="other.png")
    damaged, fine, missing = score_store([clips[0], clips[1], unknown], GreyDetector(), store)
    assert (damaged.error.code, fine.status, missing.error.code) == ("store_damaged", "inconclusive", "store_missing")


def test_a_store_of_another_geometry_is_refused(tmp_path):
    store = FaceStore.open_or_create(tmp_path / "store", Recipe(geometry=CropGeometry(scale=2.0)))
    store.compile()
    with pytest.raises(FacefakeError) as error:
        score_store([], GreyDetector(), store)
    assert error.value.code == "crop_mismatch"


@pytest.mark.parametrize(("name", "kind"), [("moving.jpg", "video"), ("one.mp4", "image"), ("gone.jpg", "image")])
def test_the_kind_of_a_file_that_failed_is_what_it_holds_whatever_its_name(tmp_path, name, kind):
    pictures = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    pictures[0].save(tmp_path / "moving.jpg", "GIF", save_all=True, append_images=pictures[1:])
    pictures[0].save(tmp_path / "one.mp4", "GIF")
    clip = Clip(tmp_path / name, name, "folder", "unknown", None, None, None, name)
    assert failed(clip, FacefakeError("nothing_decoded", "No frame.", "Get it again.")).kind == kind
