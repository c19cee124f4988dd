"""The labelled video set of the demo."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facefake.demo.camera import draw_shot, film, write_video
from facefake.demo.forge import METHODS, forge
from facefake.demo.portraits import Portrait, load_portraits, retake
from preprocessing.faces import FaceDetector
from preprocessing.files import write_atomic, writing

DISCLAIMER = (
    "This detector shows the machinery and knows nothing about the world: it has seen still portraits of two people, "
    "the same two in training and in test, forged in five simple ways. Put no trust in its verdict on any other video."
)
# Scenes of each split. A scene is one pair: a real clip and a fake of the same take, filmed by the same camera move.
SCENES: dict[str, int] = {"train": 100, "val": 15, "test": 20}
FRAMES, FPS = 18, 12
LABELS = "labels.csv"
_SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Scene:
    """One pair: who is in it, how the fake is made, and the numbers its draws are seeded with."""

    pair: str
    person: int
    method: str
    seed: tuple[int, int, int]


def plan_scenes(split: str, count: int, seed: int, people: int) -> list[Scene]:
    """Lay out a split: methods take turns, and people take turns within each method."""
    methods = list(METHODS)
    plan = []
    for number in range(count):
        turn, kind = divmod(number, len(methods))
        draw = (seed, _SPLITS.index(split), number)
        plan.append(Scene(f"{split}-{number:03d}", (kind + turn) % people, methods[kind], draw))
    return plan


def shoot(
    scene: Scene, portraits: list[Portrait], frames: int
) -> tuple[Iterator[np.ndarray], Iterator[np.ndarray], int]:
    """Film one scene.

    Returns:
        Frames of the real clip, frames of its fake, both (h, w, 3) uint8 RGB before encoding, and the crf of both.
    """
    rng = np.random.default_rng(scene.seed)
    target = retake(portraits[scene.person], rng)
    source = retake(portraits[(scene.person + 1) % len(portraits)], rng)
    shot = draw_shot(target, frames, rng)
    forged = forge(target, source, METHODS[scene.method], frames, rng)
    return film(lambda number: target.rgb, shot), film(forged, shot), shot.crf


def make_demo_set(
    root: Path,
    seed: int = 0,
    scenes: dict[str, int] | None = None,
    frames: int = FRAMES,
    face_detector: FaceDetector | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Make the demo's videos and their labels.

    ``root`` gets ``<split>/clip-NNN.mp4`` (H.264, 288x384, 12 frames/s) and ``labels.csv`` with the columns path,
    label (``real`` or ``fake``), split, method and pair. A file's name, length, camera and compression say nothing of
    its label.

    Args:
        root: The folder to write; made if it is missing.
        seed: Another seed, another set. The same seed gives the same set.
        scenes: Pairs of a real and a fake clip for each split; ``None`` takes :data:`SCENES`.
        frames: Frames of each clip.
        face_detector: Finds the landmarks of the portraits; ``None`` takes the project's default.
        progress: Called with clips done and clips in all.

    Returns:
        The path of ``labels.csv``.

    Raises:
        FacefakeError: ``not_writable`` if ``root`` cannot be written.
    """
    scenes = SCENES if scenes is None else scenes
    portraits = load_portraits(face_detector)
    rows: list[tuple[str, str, str, str, str]] = []
    for split, count in scenes.items():
        with writing(root / split):
            (root / split).mkdir(parents=True, exist_ok=True)
        # numbers are dealt at random: neither parity nor order gives the label away
        numbers = iter(np.random.default_rng([seed, _SPLITS.index(split)]).permutation(2 * count))
        for scene in plan_scenes(split, count, seed, len(portraits)):
            real, fake, crf = shoot(scene, portraits, frames)
            for label, method, clip in (("real", "real", real), ("fake", scene.method, fake)):
                name = f"{split}/clip-{next(numbers):03d}.mp4"
                with writing(root / name):
                    write_video(root / name, clip, FPS, crf)
                rows.append((name, label, split, method, scene.pair))
                if progress:
                    progress(len(rows), 2 * sum(scenes.values()))
    _write_labels(root / LABELS, rows)
    return root / LABELS


def _write_labels(path: Path, rows: list[tuple[str, str, str, str, str]]) -> None:
    """Write the labels at once, last: a folder that has them is complete."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("path", "label", "split", "method", "pair"))
    writer.writerows(sorted(rows))
    write_atomic(path, text.getvalue().encode())
