"""Facts about real pictures; they need FACEFAKE_TEST_DATA."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from facenet_pytorch import MTCNN

from preprocessing.faces import (
    CropGeometry,
    FaceDetector,
    TrackFrame,
    link,
    load_face_detector,
    signature,
)

pytestmark = pytest.mark.data


def read(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def some_frames(path: Path, indices: list[int]) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [
            (float(frame.time), frame.to_ndarray(format="rgb24"))
            for i, frame in zip(range(max(indices) + 1), container.decode(video=0), strict=False)
            if i in indices
        ]


@pytest.fixture(scope="module")
def photographs(test_data: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pictures with the five landmarks of their faces, ``(faces, 5, 2)``, from dlib's 68 points."""
    folder = test_data / "landmarks" / "dlib"
    found = []
    for part in ("testing", "training"):
        for image in ET.parse(folder / f"{part}_with_face_landmarks.xml").getroot().iter("image"):
            points = np.array(
                [[[float(p.get("x")), float(p.get("y"))] for p in box.iter("part")] for box in image.iter("box")]
            )
            eyes = [points[:, 36:42].mean(axis=1), points[:, 42:48].mean(axis=1)]
            five = np.stack([*eyes, points[:, 30], points[:, 48], points[:, 54]], axis=1)
            found.append((read(folder / image.get("file")), five))
    assert sum(len(five) for _, five in found) == 43
    return found


def differences(found: list[np.ndarray], photographs: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, float]:
    """Found minus true landmarks of the faces that were found, ``(n, 5, 2)``, and the mean error in eye distances."""
    offsets, errors = [], []
    for landmarks, (_, truths) in zip(found, photographs, strict=True):
        for truth in truths:
            error = np.linalg.norm(landmarks - truth, axis=-1).mean(axis=1) / np.hypot(*(truth[1] - truth[0]))
            if len(error) and error.min() < 0.5:
                offsets.append(landmarks[error.argmin()] - truth)
                errors.append(error.min())
    return np.array(offsets), float(np.mean(errors))


def landmarks_of(face_detector: FaceDetector, frame: np.ndarray) -> np.ndarray:
    return np.array([face.landmarks for face in face_detector.detect(frame[None])[0]]).reshape(-1, 5, 2)


def test_the_default_finds_no_fewer_faces_than_plain_mtcnn_and_places_them_better(photographs):
    plain = MTCNN(keep_all=True)
    found = [np.asarray(plain.detect(picture, landmarks=True)[2], float) for picture, _ in photographs]
    plain_offsets, plain_error = differences(found, photographs)
    assert len(plain_offsets) == 42
    assert plain_error == pytest.approx(0.098, abs=0.002)

    face_detector = load_face_detector()
    offsets, error = differences([landmarks_of(face_detector, picture) for picture, _ in photographs], photographs)
    assert len(offsets) >= 42
    assert error < 0.075
    assert np.abs(offsets.mean(axis=(0, 1))).max() < 0.4
    assert np.linalg.norm(plain_offsets.mean(axis=(0, 1))) > 1.2


@pytest.mark.parametrize("factor", [2, 4])
def test_faces_of_reduced_frames_land_without_a_shift(photographs, factor):
    found, enlarged = [], []
    for picture, truths in photographs:
        face_detector = load_face_detector(max_side=max(picture.shape))
        large = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        found.append(landmarks_of(face_detector, large))
        enlarged.append((large, (truths + 0.5) * factor - 0.5))
    offsets, error = differences(found, enlarged)
    assert len(offsets) >= 42
    assert error < 0.075
    # uncorrected: a whole pixel of the reduced frame, `factor` pixels here
    assert np.abs(offsets.mean(axis=(0, 1))).max() < 0.35 * factor


def test_on_a_1080p_street_reduced_frames_agree_with_full_ones(test_data):
    frames = [frame for _, frame in some_frames(test_data / "videos" / "video.mp4", [0, 40, 80])]
    full, reduced = load_face_detector(max_side=None), load_face_detector()
    shifts = []
    for frame in frames:
        exact, ours = landmarks_of(full, frame), landmarks_of(reduced, frame)
        for face in ours:
            distance = np.linalg.norm(exact - face, axis=-1).mean(axis=1)
            if distance.min() < 0.3 * np.hypot(*(face[1] - face[0])):
                shifts.append((face - exact[distance.argmin()]).mean(axis=0))
    assert len(shifts) >= 10
    assert np.abs(np.mean(shifts, axis=0)).max() < 1.0  # uncorrected: 2


def test_landmarks_of_the_published_crops_lie_on_the_template(test_data):
    face_detector, places = load_face_detector(), []
    for path in sorted((test_data / "crops" / "aligned").rglob("*.png")):
        crop = read(path)
        faces = face_detector.detect(crop[None])[0]
        places.append(faces[0].landmarks / crop.shape[0])
    assert len(places) == 32
    away = np.abs(np.mean(places, axis=0) - CropGeometry().points)
    assert away.mean() < 0.01
    assert away.max() < 0.02


@pytest.mark.slow
def test_ffpp_frames_have_a_face(test_data):
    face_detector, with_face, frames = load_face_detector(), 0, 0
    videos = sorted((test_data / "ffpp").rglob("*.mp4"))
    assert len(videos) == 36
    for path in videos:
        for _, frame in some_frames(path, [0, 12, 24]):
            frames += 1
            with_face += bool(face_detector.detect(frame[None])[0])
    assert frames == 108
    assert with_face >= 0.99 * frames


def test_a_very_dark_clip_shows_its_face(test_data):
    path = test_data / "dfdc" / "dfdc_train_part_0" / "abofeumbvv.mp4"
    for _, frame in some_frames(path, [0, 60, 120, 180, 240]):
        faces = load_face_detector().detect(frame[None])[0]
        assert any(face.confidence > 0.95 for face in faces)


def test_people_in_a_street_are_kept_apart(test_data):
    face_detector = load_face_detector()
    sampled = some_frames(test_data / "videos" / "video.mp4", list(range(0, 105, 3)))
    frames = [TrackFrame(time, face_detector.detect(frame[None])[0], signature(frame)) for time, frame in sampled]
    numbers = link(frames)

    def person(sample: int, x: float, y: float) -> int:
        centres = [np.linalg.norm(face.center - [x, y]) for face in frames[sample].faces]
        assert min(centres) < 30
        return numbers[sample][int(np.argmin(centres))]

    # where four people are first and last seen, read off the pictures
    first = [person(0, 944, 672), person(0, 704, 598), person(0, 307, 654), person(0, 331, 770)]
    last = [person(34, 797, 700), person(31, 482, 657), person(31, 262, 706), person(11, 1600, 860)]
    assert first == last
    assert len(set(first)) == 4
