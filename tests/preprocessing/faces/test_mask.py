import numpy as np

from preprocessing.faces import Face, labelled_face, main_faces


def face(x: float, y: float, side: float, confidence: float = 1.0) -> Face:
    return Face(np.float32([x, y, x + side, y + side]), np.zeros((5, 2), np.float32), confidence)


def test_most_overlap_wins_over_size():
    mask = np.zeros((200, 300), np.uint8)
    mask[50:80, 200:230] = 255
    assert labelled_face([face(0, 0, 150), face(195, 45, 40)], mask) == 1


def test_a_mask_smaller_than_the_frame_is_scaled_to_it():
    mask = np.zeros((50, 100, 3), np.uint8)
    mask[10:20, 70:80] = 255
    faces = [face(10, 10, 15), face(270, 30, 60)]
    assert labelled_face(faces, mask, frame_size=(400, 200)) == 1
    assert labelled_face([face(60, 5, 30)], mask, frame_size=(400, 200)) is None


def test_one_coloured_channel_is_enough_and_compression_noise_is_not():
    mask = np.random.default_rng(0).integers(0, 8, (100, 100, 3)).astype(np.uint8)
    assert labelled_face([face(10, 10, 50)], mask) is None
    mask[20:30, 20:30, 2] = 200
    assert labelled_face([face(60, 60, 30), face(10, 10, 50)], mask) == 1


def test_no_mask_no_overlap_no_faces():
    empty = np.zeros((100, 100), np.uint8)
    corner = empty.copy()
    corner[90:, 90:] = 255
    assert labelled_face([face(0, 0, 50)], empty) is None
    assert labelled_face([face(0, 0, 50)], corner) is None
    assert labelled_face([], corner) is None


def test_equal_overlap_takes_the_first():
    mask = np.full((100, 100), 255, np.uint8)
    assert labelled_face([face(0, 0, 20), face(50, 50, 20)], mask) == 0


def test_the_main_person_is_chosen_over_the_whole_clip():
    person, poster = face(0, 0, 50), face(100, 0, 80, 0.97)
    frames = [[person], [poster, person], [person], [], [face(0, 0, 30)]]
    assert main_faces(frames, [[0], [1, 0], [0], [], [2]]) == [0, 1, 0, None, 0]
