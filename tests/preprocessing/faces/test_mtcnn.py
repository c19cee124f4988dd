import json

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from preprocessing.errors import FacefakeError
from preprocessing.faces import Face, FaceDetector, load_face_detector
from preprocessing.faces.mtcnn import _batches


@pytest.fixture(scope="module")
def face_detector() -> FaceDetector:
    return load_face_detector()


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return astronaut()


def only(face_detector: FaceDetector, frame: np.ndarray) -> Face:
    faces = [face for face in face_detector.detect(frame[None])[0] if face.confidence > 0.95]
    assert len(faces) == 1
    return faces[0]


def distance(first: np.ndarray, second: Face) -> float:
    """Mean landmark distance as a part of the eye distance."""
    return float(np.linalg.norm(first - second.landmarks, axis=1).mean() / second.inter_eye)


def test_a_face_has_the_agreed_form(face_detector, portrait):
    face = only(face_detector, portrait)
    assert face.box.shape == (4,)
    assert face.box.dtype == face.landmarks.dtype == np.float32
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    assert 0.95 < face.confidence <= 1
    assert (face.box[:2] < face.landmarks.min(axis=0)).all()
    assert (face.box[2:] > face.landmarks.max(axis=0)).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (19, 300), (21, 21), (33, 900), (200, 320)])
def test_frames_without_a_face_of_any_size_give_empty_lists(face_detector, shape):
    assert face_detector.detect(np.full((3, *shape, 3), 128, np.uint8)) == [[], [], []]


def test_no_frames(face_detector):
    assert face_detector.detect(np.zeros((0, 480, 640, 3), np.uint8)) == []


@pytest.mark.parametrize(
    "frames",
    [np.zeros((480, 640, 3), np.uint8), np.zeros((1, 3, 480, 640), np.uint8), np.zeros((1, 48, 64, 3), np.float32)],
    ids=["no batch", "channels first", "float"],
)
def test_what_is_not_a_batch_of_frames_is_refused(face_detector, frames):
    with pytest.raises(ValueError, match="uint8"):
        face_detector.detect(frames)


def test_a_frames_faces_do_not_hang_on_its_neighbours(face_detector, portrait):
    blank = np.zeros_like(portrait)
    two = cv2.resize(np.hstack([portrait, portrait]), (512, 512))
    batch = np.stack([portrait, blank, two, portrait[:, ::-1], blank, two, np.roll(portrait, 40, axis=1), portrait])
    together = face_detector.detect(batch)
    assert [len(faces) for faces in together] == [len(face_detector.detect(frame[None])[0]) for frame in batch]
    for frame, faces in zip(batch, together, strict=True):
        for face, alone in zip(faces, face_detector.detect(frame[None])[0], strict=True):
            np.testing.assert_allclose(face.box, alone.box, atol=1e-3)
            np.testing.assert_allclose(face.landmarks, alone.landmarks, atol=1e-3)
            assert face.confidence == pytest.approx(alone.confidence, abs=1e-4)


def test_faces_come_largest_first_and_equally_many_in_each_frame_are_no_trap(face_detector, portrait):
    small = cv2.resize(portrait, (256, 256), interpolation=cv2.INTER_AREA)
    pair = np.hstack([np.pad(small, ((128, 128), (0, 0), (0, 0))), portrait])
    for faces in face_detector.detect(np.stack([pair, pair])):
        sure = [face for face in faces if face.confidence > 0.95]
        assert len(sure) == 2
        assert sure[0].area > 2 * sure[1].area
        assert sure[0].landmarks[0, 0] > 256 > sure[1].landmarks[1, 0]


def test_landmarks_have_no_shift(face_detector, portrait):
    # seen in a mirror, a constant shift shows twice; cutting away columns moves the face against the pixel grid
    shifts = []
    for cut in range(0, 24, 2):
        frame = portrait[:, cut:]
        mirrored = only(face_detector, frame[:, ::-1]).landmarks[[1, 0, 2, 4, 3]]
        back = frame.shape[1] - 1 - mirrored[:, 0]
        shifts.append((only(face_detector, frame).landmarks[:, 0] - back).mean() / 2)
    assert abs(np.mean(shifts)) < 0.3


@pytest.mark.parametrize("factor", [2, 4])
def test_reduced_frames_give_landmarks_in_the_same_place(portrait, factor):
    large = cv2.resize(portrait[:360], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    full, reduced = load_face_detector(max_side=None), load_face_detector(max_side=1024 // factor)
    shifts = []
    for cut in range(0, 4 * factor, factor // 2):
        frame = np.ascontiguousarray(large[cut:, cut:])
        shifts.append(only(reduced, frame).landmarks - only(full, frame).landmarks)
    # one pixel of the reduced frame would be `factor` pixels here
    assert np.abs(np.mean(shifts, axis=(0, 1))).max() < 0.35 * factor
    assert np.linalg.norm(shifts, axis=-1).mean() < 0.08 * only(full, large).inter_eye


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_face_cut_by_the_frames_edge_keeps_its_landmarks(face_detector, portrait, side):
    face = only(face_detector, portrait)
    x1, y1, x2, y2 = face.box.astype(int)
    cut = int(0.15 * face.side)
    rows = {"top": slice(y1 + cut, None), "bottom": slice(None, y2 - cut)}.get(side, slice(None))
    columns = {"left": slice(x1 + cut, None), "right": slice(None, x2 - cut)}.get(side, slice(None))
    frame = portrait[rows, columns]
    found = only(face_detector, frame)
    assert distance(found.landmarks + np.array([columns.start or 0, rows.start or 0]), face) < 0.12
    assert (found.box >= 0).all()
    assert (found.box[2:] <= [frame.shape[1] - 1, frame.shape[0] - 1]).all()


def test_a_very_dark_frame_still_shows_its_face(face_detector, portrait):
    dark = (portrait * 0.06).astype(np.uint8)
    assert distance(only(face_detector, dark).landmarks, only(face_detector, portrait)) < 0.1


def test_large_frames_go_one_at_a_time():
    frames = np.zeros((2, 2160, 3840, 3), np.uint8)
    assert [len(batch) for batch in _batches(frames, (3840, 2160))] == [1, 1]
    assert [len(batch) for batch in _batches(frames, (640, 360))] == [2]


def test_settings_are_plain_and_name_what_changes_the_result():
    small, large = load_face_detector(max_side=320).settings, load_face_detector(max_side=None).settings
    assert small == json.loads(json.dumps(small))
    assert small["name"] == "mtcnn"
    assert {key for key in small if small[key] != large[key]} == {"max_side"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"name": "retinaface"}, "usage"),
        ({"max_side": 5}, "usage"),
        ({"device": "cuda:99"}, "device_unavailable"),
        ({"device": "toaster"}, "device_unavailable"),
    ],
)
def test_what_cannot_be_loaded_says_so(arguments, code):
    with pytest.raises(FacefakeError) as caught:
        load_face_detector(**arguments)
    assert caught.value.code == code
