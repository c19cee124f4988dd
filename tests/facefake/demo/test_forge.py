"""The forger: where it changes a still, and how much."""

from __future__ import annotations

import numpy as np
import pytest

from facefake.demo.forge import METHODS, _affine, _similarity, forge


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("person", [0, 1])
def test_a_forgery_changes_the_face_and_nothing_else(portraits, method, person):
    target, source = portraits[person], portraits[1 - person]
    forged = forge(target, source, METHODS[method], 2, np.random.default_rng(0))
    rows, columns = np.indices(target.rgb.shape[:2])
    middle, unit = target.landmarks[2], target.inter_eye
    distance = np.hypot(columns - middle[0], rows - middle[1]) / unit
    for number in range(2):
        change = np.abs(forged(number).astype(int) - target.rgb).mean(2)
        assert change[distance < 0.4].mean() > 2
        assert change[distance > 2.2].max() == 0


def test_frames_of_a_forgery_tremble_a_little(portraits):
    forged = forge(portraits[0], portraits[1], METHODS["swap-medium"], 2, np.random.default_rng(1))
    between = np.abs(forged(0).astype(int) - forged(1)).mean()
    against_real = np.abs(forged(0).astype(int) - portraits[0].rgb).mean()
    assert 0 < between < 0.5 * against_real


def test_stronger_self_blends_change_more(portraits):
    def change(method):
        seen = [forge(p, p, METHODS[method], 1, np.random.default_rng(s))(0) for s in range(6) for p in portraits]
        still = [p.rgb for _ in range(6) for p in portraits]
        return np.mean([np.abs(a.astype(int) - b).mean() for a, b in zip(seen, still, strict=True)])

    weak, medium, strong = (change(f"selfblend-{strength}") for strength in ("weak", "medium", "strong"))
    assert weak < medium < strong


def test_a_swap_shows_the_other_person_and_a_self_blend_the_same(portraits):
    """The forged face is nearer to whose face it is, compared as fine detail around the eyes."""
    target, source = portraits
    swapped = forge(target, source, METHODS["swap-medium"], 1, np.random.default_rng(2))(0)
    blended = forge(target, source, METHODS["selfblend-weak"], 1, np.random.default_rng(2))(0)

    def likeness(forged):
        x, y = target.landmarks[:2].mean(0).astype(int)
        inside = (slice(y - 25, y + 60), slice(x - 50, x + 50))
        return np.corrcoef(forged[inside].ravel(), target.rgb[inside].ravel())[0, 1]

    assert likeness(blended) > 0.9 > likeness(swapped)


def test_landmarks_are_carried_over(portraits):
    points = portraits[0].landmarks
    turn = np.array([[0.8, -0.3, 12.0], [0.3, 0.8, -7.0]])
    shear = np.array([[0.8, -0.5, 12.0], [0.1, 1.3, -7.0]])
    np.testing.assert_allclose(_similarity(points, points @ turn[:, :2].T + turn[:, 2]), turn, atol=1e-9)
    np.testing.assert_allclose(_affine(points, points @ shear[:, :2].T + shear[:, 2]), shear, atol=1e-9)
