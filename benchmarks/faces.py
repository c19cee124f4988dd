"""Faces found, how far off their landmarks lie, and how fast: plain MTCNN against ours, full against reduced frames.

    python benchmarks/faces.py DATA [--rounds 3] [--frames 2] [--device cpu] [--out benchmarks/results/faces.csv]

DATA holds ``landmarks/dlib`` (photographs with dlib's 68 points) and videos anywhere below it.

* ``photographs``: enlarged 1, 2 and 4 times and reduced back to their size by the face detector, so that the truth is
  known in the large frame. ``error`` is the mean landmark distance over the eye distance, ``shift`` the mean difference
  in pixels of the large frame, ``found`` counts faces within half an eye distance.
* ``videos``: frames of every video of 1280 pixels and more at several ``max_side``, against our own full-size result:
  of its sure faces (confidence 0.95) of 60 pixels and more, how many are found again, and where. In each round every
  variant runs over the same frames in turn, so that a busy moment of the machine hits all; ``ratio`` is the median over
  the rounds of frames a second over those of the full-size run.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from facenet_pytorch import MTCNN

from preprocessing.errors import FacefakeError
from preprocessing.faces import Face, load_face_detector
from preprocessing.video import open_video

_COLUMNS = ("set", "variant", "factor", "faces", "found", "error", "shift_x", "shift_y", "frames_per_second", "ratio")
_SIDES = (None, 960, 640, 480)
Find = Callable[[np.ndarray], np.ndarray]


def photographs(folder: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pictures and the five landmarks of each face, ``(faces, 5, 2)``."""
    for part in ("testing", "training"):
        for image in ET.parse(folder / f"{part}_with_face_landmarks.xml").getroot().iter("image"):
            boxes = [[(float(p.attrib["x"]), float(p.attrib["y"])) for p in b.iter("part")] for b in image.iter("box")]
            points = np.array(boxes)
            eyes = [points[:, 36:42].mean(axis=1), points[:, 42:48].mean(axis=1)]
            picture = cv2.cvtColor(cv2.imread(str(folder / image.attrib["file"])), cv2.COLOR_BGR2RGB)
            yield picture, np.stack([*eyes, points[:, 30], points[:, 48], points[:, 54]], axis=1)


def plain(network: MTCNN, factor: int) -> Find:
    """The library as it comes, on a reduced frame, its landmarks multiplied back."""

    def find(frame: np.ndarray) -> np.ndarray:
        size = (frame.shape[1] // factor, frame.shape[0] // factor)
        _, _, landmarks = network.detect(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), landmarks=True)
        return np.zeros((0, 5, 2)) if landmarks is None else np.asarray(landmarks, float) * factor

    return find


def ours(device: str, factor: int) -> Find:
    """Our face detector, made to reduce by the factor."""

    def find(frame: np.ndarray) -> np.ndarray:
        face_detector = load_face_detector(device=device, max_side=max(frame.shape[:2]) // factor)
        return np.array([face.landmarks for face in face_detector.detect(frame[None])[0]]).reshape(-1, 5, 2)

    return find


def compare(found: np.ndarray, truths: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Error and mean offset of each true face that was found."""
    pairs = []
    for truth in truths:
        errors = np.linalg.norm(found - truth, axis=-1).mean(axis=1) / np.hypot(*(truth[1] - truth[0]))
        if len(errors) and errors.min() < 0.5:
            pairs.append((float(errors.min()), (found[errors.argmin()] - truth).mean(axis=0)))
    return pairs


def summary(faces: int, pairs: list[tuple[float, np.ndarray]]) -> dict[str, object]:
    """What the CSV says of the faces found."""
    shift = np.mean([offset for _, offset in pairs], axis=0)
    return {
        "faces": faces,
        "found": len(pairs),
        "error": f"{np.mean([error for error, _ in pairs]):.4f}",
        "shift_x": f"{shift[0]:+.2f}",
        "shift_y": f"{shift[1]:+.2f}",
    }


def on_photographs(folder: Path, device: str) -> Iterator[dict[str, object]]:
    """One row for each variant and factor."""
    pictures = list(photographs(folder))
    network = MTCNN(keep_all=True, device=torch.device(device))
    for factor in (1, 2, 4):
        large = [
            (cv2.resize(p, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), (truths + 0.5) * factor - 0.5)
            for p, truths in pictures
        ]
        for name, find in (("plain", plain(network, factor)), ("ours", ours(device, factor))):
            pairs = [pair for frame, truths in large for pair in compare(find(frame), truths)]
            faces = sum(len(truths) for _, truths in large)
            yield {"set": "photographs", "variant": name, "factor": factor, **summary(faces, pairs)}


def video_frames(data: Path, count: int) -> Iterator[np.ndarray]:
    """``(count, h, w, 3)`` of each large video below a folder; those that cannot be read are named and left out."""
    for path in sorted(p for p in data.rglob("*") if p.suffix.lower() in {".mp4", ".mov", ".avi", ".webm", ".mkv"}):
        try:
            with open_video(path) as reader:
                if max(reader.info.width, reader.info.height) < 1280:
                    continue
                indices = np.unique(np.linspace(0, len(reader.times) - 1, count).round().astype(int))
                yield np.concatenate([batch.rgb for batch in reader.read(indices.tolist())])
        except FacefakeError as error:
            print(f"left out: {path.name}: {error.message}")


def landmarks(faces: list[Face], *, sure: bool) -> np.ndarray:
    """Landmarks of all faces, or of the sure and large ones."""
    chosen = [f.landmarks for f in faces if not sure or (f.confidence >= 0.95 and f.side >= 60)]
    return np.array(chosen).reshape(-1, 5, 2)


def on_videos(clips: list[np.ndarray], device: str, rounds: int) -> Iterator[dict[str, object]]:
    """One row for each ``max_side``."""
    face_detectors = {side: load_face_detector(device=device, max_side=side) for side in _SIDES}
    speeds: dict[int | None, list[float]] = {side: [] for side in _SIDES}
    found: dict[int | None, list[list[Face]]] = {}
    for _ in range(rounds):
        for side, face_detector in face_detectors.items():
            start = time.perf_counter()
            found[side] = [faces for clip in clips for faces in face_detector.detect(clip)]
            speeds[side].append(len(found[side]) / (time.perf_counter() - start))
    truths = [landmarks(faces, sure=True) for faces in found[None]]
    for side in _SIDES:
        pairs = [
            pair
            for faces, truth in zip(found[side], truths, strict=True)
            for pair in compare(landmarks(faces, sure=False), truth)
        ]
        yield {
            "set": "videos",
            "variant": f"max_side {side or 'none'}",
            **summary(sum(map(len, truths)), pairs),
            "frames_per_second": f"{statistics.median(speeds[side]):.2f}",
            "ratio": f"{statistics.median(a / b for a, b in zip(speeds[side], speeds[None], strict=True)):.2f}",
        }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=2, help="frames of each video")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "faces.csv")
    arguments = parser.parse_args()

    rows = list(on_photographs(arguments.data / "landmarks" / "dlib", arguments.device))
    clips = list(video_frames(arguments.data, arguments.frames))
    rows += on_videos(clips, arguments.device, arguments.rounds)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with arguments.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print("  ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
