import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.data import astronaut, coffee, rocket

from preprocessing.faces import CropGeometry, Face, TrackFrame, link, signature

STREET = signature(rocket())
STUDIO = signature(coffee())


def face(x: float, y: float = 100.0, side: float = 60.0, confidence: float = 0.99) -> Face:
    """A face whose centre is at x, y."""
    corner = np.float32([x - side / 2, y - side / 2])
    return Face(
        np.concatenate([corner, corner + side]).astype(np.float32),
        (corner + CropGeometry(scale=1.0).points * side).astype(np.float32),
        confidence,
    )


def clip(*frames: list[Face], step: float = 0.2) -> list[TrackFrame]:
    return [TrackFrame(i * step, faces, STREET) for i, faces in enumerate(frames)]


def test_people_get_numbers_from_left_to_right_in_order_of_appearance():
    assert link(clip([face(300), face(100)], [face(300), face(100), face(200, 400)], [face(500, 300)])) == [
        [1, 0],
        [1, 0, 2],
        [3],
    ]


def test_no_frames_and_no_faces():
    assert link([]) == []
    assert link(clip([], [], [])) == [[], [], []]


@pytest.mark.parametrize("speed", [6, 15, 24])
def test_two_people_crossing_stay_apart(speed):
    xs = range(0, 480, speed)
    frames = [[face(100 + x, 100), face(500 - x, 112)] for x in xs]
    assert link(clip(*frames, step=0.1)) == [[0, 1]] * len(frames)


def test_half_a_face_width_between_sparse_samples_is_the_same_person():
    frames = [[face(100 + 30 * i)] for i in range(8)]
    assert link(clip(*frames, step=3.0)) == [[0]] * 8


def test_a_person_missed_for_some_samples_comes_back():
    frames = [[face(100), face(400)], [face(400)], [face(400)], [face(105), face(400)]]
    assert link(clip(*frames, step=1.0)) == [[0, 1], [1], [1], [0, 1]]


def test_a_person_gone_for_long_is_forgotten():
    frames = [[face(100)], *[[] for _ in range(6)], [face(100)]]
    assert link(clip(*frames, step=1.0))[-1] == [1]


def test_short_gaps_in_dense_samples_are_bridged_by_time():
    frames = [[face(100)], *[[] for _ in range(12)], [face(102)]]
    assert link(clip(*frames, step=0.1))[-1] == [0]


def test_a_cut_starts_over_even_where_people_sit_in_the_same_places():
    before = [TrackFrame(i * 0.5, [face(100), face(400)], STREET) for i in range(3)]
    after = [TrackFrame(1.5 + i * 0.5, [face(100), face(400)], STUDIO) for i in range(2)]
    assert link(before + after) == [[0, 1]] * 3 + [[2, 3]] * 2


def test_far_away_or_of_another_size_is_another_person():
    assert link(clip([face(100)], [face(260)])) == [[0], [1]]
    assert link(clip([face(100, side=60)], [face(100, side=130)])) == [[0], [1]]


def test_a_newcomer_nearby_does_not_take_a_track_from_its_owner():
    assert link(clip([face(100)], [face(160), face(104)])) == [[0], [1, 0]]


def test_one_moment_twice_does_not_divide_by_zero():
    assert link(clip([face(100)], [face(104)], [face(108)], step=0.0)) == [[0]] * 3


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_numbers_do_not_hang_on_the_order_of_faces(data):
    position = st.tuples(st.integers(0, 600), st.integers(0, 300), st.integers(40, 90))
    frames = [
        [face(*p) for p in sorted(data.draw(st.sets(position, max_size=4)))]
        for _ in range(data.draw(st.integers(1, 5)))
    ]
    expected = link(clip(*frames))
    orders = [data.draw(st.permutations(range(len(faces)))) for faces in frames]
    shuffled = link(clip(*[[faces[i] for i in order] for faces, order in zip(frames, orders, strict=True)]))
    assert shuffled == [[numbers[i] for i in order] for numbers, order in zip(expected, orders, strict=True)]
    flat = [number for numbers in expected for number in numbers]
    assert sorted(set(flat)) == list(range(len(set(flat))))
    assert all(len(set(numbers)) == len(numbers) for numbers in expected)


def test_the_signature_sees_cuts_and_not_noise_or_small_motion():
    frame = astronaut()
    noise = np.random.default_rng(0).normal(0, 8, frame.shape)
    noisy = np.clip(frame + noise, 0, 255).astype(np.uint8)
    moved = cv2.warpAffine(frame, np.float32([[1, 0, 12], [0, 1, 5]]), (512, 512), borderMode=cv2.BORDER_REPLICATE)
    dimmer = (frame * 0.85).astype(np.uint8)
    still = [frame, noisy, moved, dimmer, frame]
    same = [TrackFrame(float(i), [face(100)], signature(f)) for i, f in enumerate(still)]
    assert link(same) == [[0]] * 5
    cut = [TrackFrame(float(i), [face(100)], signature(f)) for i, f in enumerate([frame, coffee(), rocket()])]
    assert link(cut) == [[0], [1], [2]]


def test_signatures_of_any_frame_size_compare():
    tiny = signature(np.zeros((1, 1, 3), np.uint8))
    assert tiny.shape == signature(rocket()).shape == (896,)
    assert tiny.dtype == np.float32
    assert np.isfinite(tiny).all()
