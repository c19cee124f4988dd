"""People told apart by what they look like, where their places alone would mix them."""

import cv2
import numpy as np
import pytest
from skimage.data import coffee

from facefake.demo.portraits import load_portraits
from preprocessing.clip import Clip
from preprocessing.extract import extract_clip
from preprocessing.faces import Face, TrackFrame, appearance, link, signature
from preprocessing.faces.looks import difference
from preprocessing.recipe import Recipe
from preprocessing.video import Sampling
from tests.clips import write_video

WIDTH, HEIGHT = 1280, 720
SIDE = 0.45  # of the portraits in the frame, which has 40 pixels between the eyes then
LEFT, RIGHT = 260.0, 640.0
STUDIO = np.full((HEIGHT, WIDTH, 3), (90, 100, 110), np.uint8)


@pytest.fixture(scope="module")
def portraits():
    return load_portraits()


def shown(portraits, places, light=(1.0, 1.0, 1.0), size=1.0):
    """A frame with people at the given x (``None``: not there), and their faces from left to right by portrait."""
    frame, faces = STUDIO.copy(), []
    for portrait, place in zip(portraits, places, strict=True):
        if place is None:
            continue
        scale = SIDE * size
        middle = portrait.landmarks.mean(axis=0)
        move = np.array([[scale, 0, place - scale * middle[0]], [0, scale, HEIGHT * 0.4 - scale * middle[1]]])
        where = np.full(portrait.rgb.shape[:2], 255, np.uint8)
        inside = cv2.warpAffine(where, move, (WIDTH, HEIGHT)) > 127
        frame[inside] = cv2.warpAffine(portrait.rgb, move, (WIDTH, HEIGHT))[inside]
        landmarks = (portrait.landmarks @ move[:, :2].T + move[:, 2]).astype(np.float32)
        half = 55 * size
        box = np.array([place - half, HEIGHT * 0.4 - half, place + half, HEIGHT * 0.4 + half], np.float32)
        faces.append(Face(box, landmarks, 0.99))
    return np.clip(frame * np.array(light), 0, 255).astype(np.uint8), faces


def clip(portraits, *takes, step=0.5):
    """Sampled frames of one shot."""
    frames = []
    for number, take in enumerate(takes):
        options = take if isinstance(take, dict) else {"places": take}
        rgb, faces = shown(portraits, **options)
        looks = [appearance(rgb, face) for face in faces]
        frames.append(TrackFrame(number * step, faces, signature(STUDIO), looks))
    return frames


@pytest.mark.parametrize("step", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("other", [RIGHT, LEFT + 190])
def test_two_people_who_change_sides_between_two_samples_stay_apart(portraits, step, other):
    frames = clip(portraits, *[(LEFT, other)] * 4, *[(other, LEFT)] * 4, step=step)
    assert link(frames) == [[0, 1]] * 8


def test_two_people_who_cross_faster_than_samples_come_stay_apart(portraits):
    xs = [(LEFT, LEFT + 240), (LEFT + 40, LEFT + 200), (LEFT + 200, LEFT + 40), (LEFT + 240, LEFT)]
    assert link(clip(portraits, *xs, step=0.3)) == [[0, 1]] * 4


def test_who_is_shown_by_turns_in_one_place_is_two_people(portraits):
    turns = [(LEFT, None), (LEFT, None), (None, LEFT), (None, LEFT), (LEFT, None), (None, LEFT)]
    assert link(clip(portraits, *turns, step=1.0)) == [[0], [0], [1], [1], [0], [1]]


def test_a_newcomer_in_the_place_of_another_is_another_person(portraits):
    frames = clip(portraits, *[(LEFT, None)] * 3, *[(None, LEFT)] * 3)
    assert link(frames) == [[0]] * 3 + [[1]] * 3


def test_who_comes_closer_between_two_samples_is_the_same_person(portraits):
    takes = [{"places": (LEFT, RIGHT), "size": size} for size in (1.0, 1.0, 1.7, 1.7)]
    assert link(clip(portraits, *takes, step=2.0)) == [[0, 1]] * 4


@pytest.mark.parametrize("light", [(0.65, 0.65, 0.65), (1.25, 1.25, 1.25), (1.1, 1.0, 0.85)])
def test_another_light_makes_no_other_person(portraits, light):
    for places in ((LEFT, None), (None, LEFT)):
        takes = [{"places": places}] * 2 + [{"places": places, "light": light}] * 2
        assert link(clip(portraits, *takes)) == [[0]] * 4


def test_where_looks_are_not_known_the_place_decides(portraits):
    frames = clip(portraits, (LEFT, RIGHT), (RIGHT, LEFT))
    blind = [TrackFrame(frame.time, frame.faces, frame.signature, [None, None]) for frame in frames]
    assert link(blind) == [[0, 1], [1, 0]]


def test_numbers_do_not_depend_on_the_order_of_faces(portraits):
    frames = clip(portraits, (LEFT, RIGHT), (RIGHT, LEFT), (LEFT, RIGHT))
    turned = [TrackFrame(f.time, f.faces[::-1], f.signature, f.looks[::-1]) for f in frames]
    assert [numbers[::-1] for numbers in link(turned)] == link(frames)


def test_the_same_face_is_nearer_than_another_in_other_light_size_and_place(portraits):
    looks = [
        [
            appearance(frame, faces[person])
            for frame, faces in (
                shown(portraits, (LEFT, RIGHT)),
                shown(portraits, (RIGHT, LEFT), light=(0.8, 0.75, 0.7)),
                shown(portraits, (LEFT, RIGHT), size=0.6),
            )
        ]
        for person in range(2)
    ]
    same = [difference(one, other) for person in looks for one in person for other in person]
    apart = [difference(one, other) for one in looks[0] for other in looks[1]]
    assert max(same) < 0.6 < 0.8 < min(apart)


def test_clothes_outside_the_frame_do_not_count(portraits):
    frame, faces = shown(portraits, (LEFT, RIGHT))
    bottom = int(faces[0].box[3]) + 10
    whole, cut = appearance(frame, faces[0]), appearance(frame[:bottom], faces[0])
    assert cut.shape == whole.shape
    assert not cut[-216:].any()
    assert difference(whole, cut) == pytest.approx(0.0, abs=1e-6)


def test_landmarks_in_a_heap_have_no_looks():
    assert appearance(coffee(), Face(np.float32([0, 0, 9, 9]), np.zeros((5, 2), np.float32), 0.5)) is None


def test_a_face_without_light_has_looks_like_any_other(portraits):
    _, faces = shown(portraits, (LEFT, RIGHT))
    looks = appearance(np.zeros_like(STUDIO), faces[0])
    assert np.isfinite(looks).all()
    assert difference(looks, looks) == 0


def test_in_a_video_the_scores_of_two_who_change_sides_are_not_pooled(portraits, tmp_path):
    frames = [shown(portraits, (LEFT, RIGHT) if number < 4 else (RIGHT, LEFT))[0] for number in range(8)]
    path = write_video(tmp_path / "sides.mp4", frames)
    clip = Clip(path, "sides.mp4", "toy", "real", 0, "test", None, "sides")
    found = extract_clip(clip, Recipe(Sampling("uniform", 8)), device="cpu")
    people = {}
    for face in found.faces:
        left = face.face.center[0] < (LEFT + RIGHT) / 2
        people.setdefault(face.track, set()).add("first" if left == (face.frame < 4) else "second")
    assert sorted(map(sorted, people.values())) == [["first"], ["second"]]
