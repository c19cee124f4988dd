"""Which face of a clip its label speaks of, from the video file and its mask to the crops."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from preprocessing.clip import Clip
from preprocessing.extract import extract_clip
from preprocessing.recipe import Recipe
from preprocessing.video import Sampling
from tests.clips import write_video

FRAMES = 12
UNMARKED = range(4, 8)


def two_people():
    """A large face on the left, and the same, mirrored and smaller, on the right."""
    large = cv2.resize(astronaut()[:320, 60:380], (320, 320))
    small = np.zeros_like(large)
    small[100:260, 80:240] = cv2.resize(large, (160, 160))[:, ::-1]
    return np.hstack([large, small])


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Faces of a clip whose mask marks the smaller person, is black for a while, and ends two frames early."""
    folder = tmp_path_factory.mktemp("clip")
    picture = two_people()
    marked = np.zeros_like(picture)
    marked[100:260, 400:560] = 255
    masks = [np.zeros_like(marked) if number in UNMARKED else marked for number in range(FRAMES - 2)]
    path, mask = write_video(folder / "a.mp4", [picture] * FRAMES), write_video(folder / "m.mp4", masks)
    clip = Clip(path, "a.mp4", "toy", "fake", 1, "train", None, "a", mask=mask)
    found = extract_clip(clip, Recipe(Sampling("uniform", FRAMES)), device="cpu")
    assert found.decoded == FRAMES
    return [(face.frame, "small" if face.face.box[0] > 320 else "large", face.main) for face in found.faces]


def test_both_people_are_there_on_every_frame(faces):
    assert sorted(faces)[::2] == [(frame, "large", False) for frame in range(10)] + [
        (frame, "large", True) for frame in (10, 11)
    ]
    assert len(faces) == 2 * FRAMES


def test_a_frame_without_mask_does_not_void_those_after_it(faces):
    # in DeepfakeBench's preprocess.py one missing mask makes the mask of all later frames None
    small = {frame: main for frame, who, main in faces if who == "small"}
    assert small == {frame: frame < FRAMES - 2 and frame not in UNMARKED for frame in range(FRAMES)}
