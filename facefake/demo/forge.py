"""The forger of the demo: face swap by landmarks, and self-blending.

Both lay a generated face into a still by a soft mask. A *swap* brings another person's face, moved by its five
landmarks and matched in colour. A *self-blend* brings the same face back, slightly transformed, which leaves the traces
of blending and nothing else (Shiohara & Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from facefake.demo.portraits import Portrait

# Side of the square in which a face is forged, and where its five points lie in it (x, y in pixels).
FACE_SIDE = 384
_TEMPLATE = FACE_SIDE * (np.array([[0.34, 0.46], [0.66, 0.46], [0.5, 0.64], [0.37, 0.82], [0.63, 0.82]]) + 0.15) / 1.3
# The mask reaches from the brows to the chin: centre and half axes as fractions of the side.
_MASK_CENTRE, _MASK_AXES = (0.5, 0.625), (0.235, 0.29)
_TREMOR = 0.0025  # how far a face made frame by frame wanders between frames, as a fraction of the side


@dataclass(frozen=True, slots=True)
class Forgery:
    """How a forged face is made. The name of a method in :data:`METHODS` ends in how strong its traces are.

    Attributes:
        swap: Another person's face if true, the same face transformed if not.
        resolution: Side in pixels at which the face is generated before it is enlarged again: lowest, highest.
        colour: Typical error in brightness left on the face, in levels of 255; the tint errs by a third of it.
        misfit: Standard deviation of the error in place and size, as a fraction of the square's side.
        feather: Width of the mask's soft edge, as a fraction of the square's side: lowest, highest.
    """

    swap: bool
    resolution: tuple[int, int]
    colour: float
    misfit: float
    feather: tuple[float, float]


METHODS: dict[str, Forgery] = {
    "swap-strong": Forgery(True, (48, 64), 10.0, 0.012, (0.015, 0.03)),
    "swap-medium": Forgery(True, (80, 112), 5.0, 0.006, (0.025, 0.05)),
    "selfblend-strong": Forgery(False, (40, 52), 22.0, 0.020, (0.012, 0.025)),
    "selfblend-medium": Forgery(False, (48, 64), 16.0, 0.015, (0.015, 0.03)),
    "selfblend-weak": Forgery(False, (56, 80), 12.0, 0.010, (0.02, 0.04)),
}


def forge(
    target: Portrait, source: Portrait, forgery: Forgery, frames: int, rng: np.random.Generator
) -> Callable[[int], np.ndarray]:
    """Lay a forged face into ``target``.

    Args:
        target: The still that is forged.
        source: Whose face is brought in by a swap; a self-blend does not look at it.
        forgery: How it is done.
        frames: Number of frames. The face trembles a little from one to the next, like that of a frame-wise generator.
        rng: Source of every draw.

    Returns:
        Frame number -> the forged still, (h, w, 3) uint8 RGB. Outside the mask it equals ``target.rgb`` exactly.
    """
    into = _similarity(target.landmarks, _TEMPLATE)
    face = theirs = _warp_face(target.rgb, into)
    mask = _draw_mask(float(rng.uniform(*forgery.feather)), rng)
    if forgery.swap:
        face = _match_colours(_warp_face(source.rgb, _affine(source.landmarks, _TEMPLATE)), theirs, mask)
    face = _generate(face, forgery, rng)
    shift = rng.normal(0, forgery.misfit, 3) + rng.normal(0, _TREMOR, (frames, 3)) * [1, 1, 0.5]
    back = np.linalg.inv(np.vstack([into, [0, 0, 1]]))
    places = [(back @ _displacement(*row))[:2] for row in shift]
    return lambda number: _compose(target.rgb, face, mask, places[number])


def _similarity(points: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """(2, 3) least-squares map x' = ax - by + c, y' = bx + ay + d that takes ``points`` (n, 2) to ``goal`` (n, 2)."""
    x, y = points.T
    one, zero = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate([np.stack([x, -y, one, zero], 1), np.stack([y, x, zero, one], 1)])
    a, b, c, d = np.linalg.lstsq(rows, goal.T.reshape(-1), rcond=None)[0]
    return np.array([[a, -b, c], [b, a, d]])


def _affine(points: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """(2, 3) least-squares affine map that takes ``points`` (n, 2) to ``goal`` (n, 2)."""
    return np.linalg.lstsq(np.column_stack([points, np.ones(len(points))]), goal, rcond=None)[0].T


def _warp_face(rgb: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The face square, (FACE_SIDE, FACE_SIDE, 3) float32: taken at twice the side and reduced, against aliasing."""
    twice = 2 * matrix + np.array([[0, 0, 0.5], [0, 0, 0.5]])
    large = cv2.warpAffine(rgb, twice, (2 * FACE_SIDE, 2 * FACE_SIDE), borderMode=cv2.BORDER_REFLECT_101)
    return cv2.resize(large, (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def _draw_mask(feather: float, rng: np.random.Generator) -> np.ndarray:
    """(FACE_SIDE, FACE_SIDE) float32 in [0, 1]: an ellipse from brows to chin with a wavy, soft edge."""
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    radius = 1 + sum(rng.normal(0, 0.03) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 4, 5))
    axes = np.array(_MASK_AXES) * rng.uniform(0.9, 1.1, 2)
    outline = np.array(_MASK_CENTRE) + axes * np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    mask = np.zeros((FACE_SIDE, FACE_SIDE), np.float32)
    cv2.fillPoly(mask, [np.round(outline * FACE_SIDE).astype(np.int32)], 1.0)
    return cv2.GaussianBlur(mask, (0, 0), feather * FACE_SIDE)


def _match_colours(face: np.ndarray, goal: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Give ``face`` the mean and spread of ``goal`` inside the mask, for each Lab channel (Reinhard et al. 2001)."""
    inside = mask > 0.5
    lab, goal_lab = (cv2.cvtColor(image / 255, cv2.COLOR_RGB2Lab) for image in (face, goal))
    mean, spread = lab[inside].mean(0), lab[inside].std(0)
    goal_mean, goal_spread = goal_lab[inside].mean(0), goal_lab[inside].std(0)
    matched = (lab - mean) * np.clip(goal_spread / spread, 0.6, 1.6) + goal_mean
    return 255 * cv2.cvtColor(matched.astype(np.float32), cv2.COLOR_Lab2RGB)


def _generate(face: np.ndarray, forgery: Forgery, rng: np.random.Generator) -> np.ndarray:
    """What a generator of limited resolution makes of the face: less detail, other contrast, a colour error."""
    side = int(rng.integers(forgery.resolution[0], forgery.resolution[1] + 1))
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    # light and tint err apart: a tint of equal size is far easier to see
    light = rng.choice([-1, 1]) * forgery.colour * rng.uniform(0.7, 1.3)
    tint = rng.normal(0, forgery.colour / 3, 3)
    contrast = 1 + rng.normal(0, forgery.colour / 160)
    small = (small - small.mean()) * contrast + small.mean() + light + tint
    large = cv2.resize(small.astype(np.float32), (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_CUBIC)
    return np.clip(large, 0, 255)


def _displacement(dx: float, dy: float, growth: float) -> np.ndarray:
    """(3, 3) shift and growth about the middle of the face square; all as fractions of its side."""
    scale, middle = np.exp(growth), FACE_SIDE / 2
    shift = middle * (1 - scale) + FACE_SIDE * np.array([dx, dy])
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]])


def _compose(still: np.ndarray, face: np.ndarray, mask: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Lay ``face`` through ``mask`` into a copy of ``still``; ``place`` (2, 3) maps the face square to the still."""
    corners = place @ np.array([[0, FACE_SIDE, FACE_SIDE, 0], [0, 0, FACE_SIDE, FACE_SIDE], [1, 1, 1, 1]])
    height, width = still.shape[:2]
    left, top = np.clip(np.floor(corners.min(1)).astype(int), 0, [width, height])
    right, bottom = np.clip(np.ceil(corners.max(1)).astype(int) + 1, 0, [width, height])
    local = place - np.array([[0, 0, left], [0, 0, top]])
    size = (int(right - left), int(bottom - top))
    alpha = cv2.warpAffine(mask, local, size)[..., None]
    laid = cv2.warpAffine(face, local, size, borderMode=cv2.BORDER_REPLICATE)
    forged = still.copy()
    under = forged[top:bottom, left:right]
    under[:] = np.clip(under + alpha * (laid - under) + 0.5, 0, 255).astype(np.uint8)
    return forged
