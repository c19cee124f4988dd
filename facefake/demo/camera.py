"""The camera of the demo: films a still with a moving hand-held camera and writes a real H.264 file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from facefake.demo.portraits import Portrait

WIDTH, HEIGHT = 288, 384  # an upright phone video
_OVERSAMPLE = 2  # each frame is taken at twice its size and reduced by area, so that nothing aliases


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One camera move over one still: everything that happens between the scene and the file.

    Attributes:
        matrices: (n, 3, 3) float64 homographies from pixels of the still to pixels of each frame.
        exposure: (n,) float64 gain of each frame (flicker).
        noise: Standard deviation of the sensor noise, in levels of 255.
        seed: Seed of the sensor noise.
        crf: Constant rate factor of the encoder (higher is coarser).
    """

    matrices: np.ndarray
    exposure: np.ndarray
    noise: float
    seed: int
    crf: int


def draw_shot(portrait: Portrait, frames: int, rng: np.random.Generator) -> Shot:
    """Draw a hand-held move that keeps the face in view: pan, zoom, roll, perspective, shake, flicker."""
    height, width = portrait.rgb.shape[:2]
    cover = max(WIDTH / width, HEIGHT / height)  # the widest view that stays inside the still
    zoom = cover * rng.uniform(1.15, 1.6) * np.exp(_drift(frames, 0.04, 0.002, rng))
    roll = np.deg2rad(rng.uniform(-5, 5) + _drift(frames, 1.5, 0.15, rng))
    tilt = np.stack([_drift(frames, 1.2e-4, 0, rng), _drift(frames, 1.2e-4, 0, rng)], 1)
    view = np.array([WIDTH, HEIGHT]) / zoom[:, None]
    wander = np.stack([_drift(frames, 0.025, 0.003, rng), _drift(frames, 0.025, 0.003, rng)], 1)
    aim = portrait.landmarks[2] + (rng.uniform(-0.1, 0.1, 2) + wander) * view
    margin = 0.54 * view
    size = np.array([width, height])
    aim = np.where(2 * margin < size, np.clip(aim, margin, size - margin), size / 2)
    matrices = np.stack([_homography(*move) for move in zip(zoom, roll, tilt, aim, strict=True)])
    exposure = 1.0 + _drift(frames, 0.02, 0.008, rng)
    noise, crf = float(rng.uniform(1.0, 3.5)), int(rng.integers(19, 28))
    return Shot(matrices, exposure, noise, int(rng.integers(2**31)), crf)


def _drift(frames: int, sway: float, shake: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) a slow sway of the hand of amplitude ``sway`` plus a tremor that forgets itself within a few frames."""
    time = np.arange(frames) / max(frames - 1, 1)
    slow = sway * rng.uniform(0.3, 1.0) * np.sin(2 * np.pi * (rng.uniform(0.3, 1.1) * time + rng.random()))
    tremor = np.convolve(rng.normal(0, shake, frames + 2), [0.25, 0.5, 0.25], mode="valid")
    return slow + tremor


def _homography(zoom: float, roll: float, tilt: np.ndarray, aim: np.ndarray) -> np.ndarray:
    """Still -> frame: move ``aim`` to the origin, roll, zoom, tilt, and put the origin in the frame's middle."""
    c, s = zoom * np.cos(roll), zoom * np.sin(roll)
    to_aim = np.array([[1, 0, -aim[0]], [0, 1, -aim[1]], [0, 0, 1]])
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    lean = np.array([[1, 0, 0], [0, 1, 0], [tilt[0], tilt[1], 1]])
    to_frame = np.array([[1, 0, (WIDTH - 1) / 2], [0, 1, (HEIGHT - 1) / 2], [0, 0, 1]])
    return to_frame @ lean @ turn @ to_aim


def film(scene: Callable[[int], np.ndarray], shot: Shot) -> Iterator[np.ndarray]:
    """Film a scene.

    Args:
        scene: Frame number -> the still before the camera at that moment, (h, w, 3) uint8 RGB.
        shot: The camera's move. Filming two scenes with one shot gives frames that differ only where the scenes do.

    Yields:
        (HEIGHT, WIDTH, 3) uint8 RGB frames, before any encoding.
    """
    rng = np.random.default_rng(shot.seed)
    half = (_OVERSAMPLE - 1) / 2  # pixel centres
    enlarge = np.array([[_OVERSAMPLE, 0, half], [0, _OVERSAMPLE, half], [0, 0, 1]], np.float64)
    large = (_OVERSAMPLE * WIDTH, _OVERSAMPLE * HEIGHT)
    for number, (matrix, gain) in enumerate(zip(shot.matrices, shot.exposure, strict=True)):
        view = cv2.warpPerspective(scene(number), enlarge @ matrix, large, borderMode=cv2.BORDER_REFLECT_101)
        frame = cv2.resize(view, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
        frame *= np.float32(gain)
        frame += np.float32(shot.noise) * rng.standard_normal(frame.shape, np.float32)
        yield np.clip(frame + 0.5, 0, 255, out=frame).astype(np.uint8)


# The number of threads changes x264's bits, and so does where in memory its macroblock tree happens to lie, unless it
# keeps to the arithmetic that is the same on every processor.
_SAME_BITS = {"preset": "veryfast", "threads": "1", "x264-params": "cpu-independent=1"}


def write_video(path: Path, frames: Iterable[np.ndarray], fps: int, crf: int) -> None:
    """Encode RGB frames as H.264 in MP4, byte for byte the same each time (MPEG-4 part 2 if this PyAV has no libx264).

    Args:
        path: The file to write.
        frames: (HEIGHT, WIDTH, 3) uint8 RGB frames.
        fps: Frames a second.
        crf: Constant rate factor, 0 (lossless) to 51.
    """
    x264 = "libx264" in av.codecs_available
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264" if x264 else "mpeg4", rate=Fraction(fps))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": str(crf), **_SAME_BITS} if x264 else {"qscale": str(crf // 5)}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
