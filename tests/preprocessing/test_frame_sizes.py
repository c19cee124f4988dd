"""A clip whose frame size changes on the way, from the file to faces, tracks, crops and views."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.extract import extract_clip
from preprocessing.faces import CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.video import Sampling
from preprocessing.whole import read_whole
from tests.clips import Part, numbered_frame, write_parts

ASPECT = 1.25  # of the portrait's face: height by width, as the face detector boxes it


def portrait(width, height, scale):
    """The portrait's face in the middle of a frame."""
    move = np.float32([[scale, 0, width / 2 - 222 * scale], [0, scale, height / 2 - 130 * scale]])
    return cv2.warpAffine(astronaut(), move, (width, height), borderValue=(90, 90, 90))


def clip_of(path, mask=None):
    return Clip(path, path.name, "toy", "fake", 1, "train", None, path.stem, mask=mask)


@pytest.mark.parametrize(
    "sizes",
    [[(240, 136, 0.3), (640, 360, 0.8)], [(640, 360, 0.8), (240, 136, 0.3)], [(240, 320, 0.7), (320, 240, 0.7)]],
    ids=["grows", "shrinks", "turned"],
)
def test_faces_are_boxed_and_cut_out_of_their_own_frame(tmp_path, sizes):
    parts = [Part([portrait(*size)] * 3) for size in sizes]
    path = write_parts(tmp_path / "clip.webm", parts, "libvpx")
    found = extract_clip(clip_of(path), Recipe(Sampling("uniform", 6)), device="cpu")
    main = [face for face in found.faces if face.main]
    assert [face.frame for face in main] == list(range(6))
    for face in main:
        width, height, scale = sizes[face.frame // 3]
        x1, y1, x2, y2 = face.face.box
        assert (y2 - y1) / (x2 - x1) == pytest.approx(ASPECT, abs=0.15)
        assert (x1 + x2) / 2 == pytest.approx(width / 2, abs=20 * scale)
        assert (y1 + y2) / 2 == pytest.approx(height / 2, abs=20 * scale)
    assert len(found.info.notes) == 1
    assert (found.info.width, found.info.height) == sizes[0][:2]


def test_a_person_stays_one_where_the_frame_grows(tmp_path):
    parts = [Part([portrait(240, 136, 0.3)] * 3), Part([portrait(640, 360, 0.8)] * 3)]
    path = write_parts(tmp_path / "clip.webm", parts, "libvpx")
    found = extract_clip(clip_of(path), Recipe(Sampling("uniform", 6)), device="cpu")
    assert {face.track for face in found.faces if face.main} == {0}


def test_a_mask_of_one_size_marks_faces_of_frames_of_others(tmp_path):
    parts = [
        Part([np.hstack([portrait(240, 240, 0.7), portrait(240, 240, 0.9)])] * 2),
        Part([np.hstack([portrait(320, 320, 0.9), portrait(320, 320, 1.2)])] * 2),
    ]
    path = write_parts(tmp_path / "clip.webm", parts, "libvpx")
    left = np.zeros((240, 480, 3), np.uint8)
    left[60:180, 60:180] = 255
    mask = write_parts(tmp_path / "mask.webm", [Part([left] * 4)], "libvpx")
    found = extract_clip(clip_of(path, mask), Recipe(Sampling("uniform", 4)), device="cpu")
    middle = [240, 240, 320, 320]
    main = {face.frame: float(face.face.box[2]) for face in found.faces if face.main}
    assert [main[frame] < middle[frame] for frame in range(4)] == [True] * 4


def test_views_of_whole_frames_are_of_their_own_frame(tmp_path):
    parts = [Part([numbered_frame(0)] * 2), Part([numbered_frame(0, 320, 192)] * 2)]
    path = write_parts(tmp_path / "clip.webm", parts, "libvpx")
    found = read_whole(clip_of(path), Recipe.of_pictures(CropGeometry("squash", 1, 64), Sampling("uniform", 4)))
    assert [face.face.box.tolist()[2:] for face in found.faces] == [[159, 95]] * 2 + [[319, 191]] * 2


def test_small_frames_at_the_start_are_passed_over(tmp_path):
    parts = [Part([np.zeros((8, 8, 3), np.uint8)] * 4), Part([portrait(240, 240, 0.8)] * 8)]
    path = write_parts(tmp_path / "clip.webm", parts, "libvpx")
    found = extract_clip(clip_of(path), Recipe(Sampling("uniform", 12)), device="cpu")
    assert (found.outcome, found.requested, found.decoded, found.with_face) == ("ok", 8, 8, 8)
    assert found.failed == dict.fromkeys(range(4), "too small")


def test_a_clip_of_small_frames_alone_is_too_small(tmp_path):
    parts = [Part([np.zeros((8, 8, 3), np.uint8)] * 4), Part([np.zeros((12, 24, 3), np.uint8)] * 4)]
    path = write_parts(tmp_path / "clip.webm", parts, "libvpx")
    with pytest.raises(FacefakeError) as caught:
        extract_clip(clip_of(path), Recipe(Sampling("uniform", 8)), device="cpu")
    assert caught.value.code == "too_small"
