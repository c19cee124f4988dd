"""The camera: what it sees, and the file it writes."""

from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest

from facefake.demo.camera import HEIGHT, WIDTH, draw_shot, film, write_video
from facefake.demo.portraits import retake


def project(matrix, points):
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return mapped[:, :2] / mapped[:, 2:]


def test_the_face_stays_in_view(portraits):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        portrait = retake(portraits[seed % 2], rng)
        shot = draw_shot(portrait, 18, rng)
        for matrix in shot.matrices:
            x, y = project(matrix, portrait.landmarks).T
            assert x.min() > 0.05 * WIDTH
            assert x.max() < 0.95 * WIDTH
            assert y.min() > 0.05 * HEIGHT
            assert y.max() < 0.95 * HEIGHT


def test_the_camera_moves(portraits):
    shot = draw_shot(portraits[0], 18, np.random.default_rng(0))
    eyes = np.stack([project(matrix, portraits[0].landmarks)[:2].mean(0) for matrix in shot.matrices])
    assert np.ptp(eyes, axis=0).max() > 3


def test_a_point_of_the_still_appears_where_the_homography_says(portraits):
    shot = draw_shot(portraits[1], 3, np.random.default_rng(1))
    shot = replace(shot, noise=0.0, exposure=np.ones(3))
    still = np.zeros_like(portraits[1].rgb)
    x, y = np.round(portraits[1].landmarks[2]).astype(int)
    still[y - 2 : y + 3, x - 2 : x + 3] = 255
    for matrix, frame in zip(shot.matrices, film(lambda number: still, shot), strict=True):
        light = frame[..., 0].astype(float)
        rows, columns = np.indices(light.shape)
        seen = np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum()
        assert np.abs(seen - project(matrix, np.array([[x, y]]))[0]).max() < 0.15


def test_filming_twice_gives_the_same_frames(portraits):
    shot = draw_shot(portraits[0], 2, np.random.default_rng(2))
    first, second = (np.stack(list(film(lambda number: portraits[0].rgb, shot))) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (2, HEIGHT, WIDTH, 3)


@pytest.mark.skipif("libx264" not in av.codecs_available, reason="this PyAV has no libx264")
def test_the_file_is_h264_and_shows_what_was_filmed(portraits, tmp_path):
    shot = draw_shot(portraits[0], 10, np.random.default_rng(3))
    frames = list(film(lambda number: portraits[0].rgb, shot))
    write_video(tmp_path / "clip.mp4", frames, 12, 20)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", WIDTH, HEIGHT)
        assert stream.average_rate == 12
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(decoded) == 10
    error = np.stack(decoded).astype(float) - np.stack(frames)
    assert 10 * np.log10(255**2 / np.square(error).mean()) > 28
