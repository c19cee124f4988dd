"""How far crops lie apart that are cut by different face detectors, how many faces each finds, and how fast.

    OMP_NUM_THREADS=1 python benchmarks/face_detectors.py DATA --onnx FILE [--onnx FILE ...] [--frames 3] [--out FILE]

DATA holds ``crops/aligned`` (crops as the authors of GenD published them, cut by SCRFD's landmarks) and videos anywhere
below it. MTCNN is always there, as it comes and on larger frames: how far these two lie apart is what to hold the rest
against. ONNX files are SCRFD, YuNet or RetinaFace.

Distances are in pixels of a crop of 224, as a backbone sees it, median (and 95th percentile) over faces:

* ``landmarks``: the five from those they are compared with, on average.
* ``gend``: the four corners of the crop, likewise, by template ``gend`` at scale 1.3, which is fitted to the landmarks
  by least median of squares; ``shift`` is the mean displacement of that crop.
* ``arcface``: the corners by template ``arcface`` at scale 1.3, fitted by least squares.

The sets:

* ``published``: faces found again in the published crops, against the template these were cut by.
* ``videos``: sure faces with 16 pixels and more between the eyes in frames of every video, one face detector against
  another. ``faces`` are those of the other, ``found`` how many of them this one sees too, ``more`` how many sure faces
  it sees where the other sees none.
* ``speed``: frames of those videos for each second of a core's time, and ``ratio``, that over MTCNN's.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from preprocessing.errors import FacefakeError
from preprocessing.faces import (
    CropGeometry,
    Face,
    FaceDetector,
    find_face_detector,
    load_face_detector,
    matrix,
    sure_from,
)
from preprocessing.video import open_video

_COLUMNS = (
    *("set", "face_detector", "file", "against", "faces", "found", "more"),
    *("landmarks", "landmarks_95", "gend", "gend_95", "arcface", "arcface_95", "shift_x", "shift_y"),
    *("frames_per_second", "ratio"),
)
_SIDE = 224
_GEND, _ARCFACE = (CropGeometry(template, 1.3, _SIDE) for template in ("gend", "arcface"))
_CORNERS = np.array([[0, 0, 1], [_SIDE, 0, 1], [0, _SIDE, 1], [_SIDE, _SIDE, 1]], float)
_VIDEOS = {".mp4", ".mov", ".avi", ".webm", ".mkv"}

Row = dict[str, object]


def loaded(files: Sequence[Path]) -> dict[str, FaceDetector]:
    """MTCNN as it comes and on larger frames, then those of the files, by name."""
    found: dict[str, FaceDetector] = {"mtcnn": load_face_detector(), "mtcnn on 960": load_face_detector(max_side=960)}
    for file in files:
        name, where = find_face_detector(f"onnx:{file}")
        found[name] = load_face_detector(name, where)
    return found


class Apart(NamedTuple):
    """How far one face's landmarks, and the crops by them, lie from another's, in pixels of a crop of 224."""

    landmarks: float
    gend: np.ndarray
    arcface: np.ndarray


def apart(landmarks: np.ndarray, reference: np.ndarray) -> Apart:
    """Of the landmarks ``(5, 2)`` from the reference's; of the crops, each corner's displacement ``(4, 2)``."""
    into, _ = matrix(reference, _GEND)
    away = float(np.linalg.norm((landmarks - reference) @ into[:, :2].T, axis=1).mean())
    return Apart(away, *(displaced(landmarks, reference, geometry) for geometry in (_GEND, _ARCFACE)))


def displaced(landmarks: np.ndarray, reference: np.ndarray, geometry: CropGeometry) -> np.ndarray:
    """``(4, 2)``: from the corners of the reference's crop to those of the landmarks', in pixels of the former."""
    theirs, ours = (np.vstack([matrix(points, geometry)[0], [0, 0, 1]]) for points in (reference, landmarks))
    there: np.ndarray = (theirs @ np.linalg.inv(ours) @ _CORNERS.T).T - _CORNERS
    return there[:, :2]


def distances(pairs: Sequence[Apart]) -> Row:
    """What the CSV says of them."""
    if not pairs:
        return {}
    each = {
        "landmarks": [pair.landmarks for pair in pairs],
        "gend": [np.linalg.norm(pair.gend, axis=1).mean() for pair in pairs],
        "arcface": [np.linalg.norm(pair.arcface, axis=1).mean() for pair in pairs],
    }
    shift = np.mean([pair.gend for pair in pairs], axis=(0, 1))
    row: Row = {"shift_x": f"{shift[0]:+.2f}", "shift_y": f"{shift[1]:+.2f}"}
    for name, values in each.items():
        row |= {name: f"{np.median(values):.2f}", f"{name}_95": f"{np.percentile(values, 95):.2f}"}
    return row


def on_published_crops(folder: Path, detectors: Mapping[str, FaceDetector]) -> Iterator[Row]:
    """One row for each face detector."""
    pictures = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in sorted(folder.rglob("*.png"))]
    for name, detector in detectors.items():
        found = []
        for picture in pictures:
            faces = detector.detect(picture[None])[0]
            found += [apart(faces[0].landmarks, _GEND.points * len(picture))] if faces else []
        yield {
            "set": "published",
            "face_detector": name,
            "against": "template",
            "faces": len(pictures),
            "found": len(found),
            **distances(found),
        }


def frames_of(data: Path, count: int) -> Iterator[np.ndarray]:
    """``(count, h, w, 3)`` of each video below a folder; those that cannot be read are named and left out."""
    for path in sorted(path for path in data.rglob("*") if path.suffix.lower() in _VIDEOS):
        try:
            with open_video(path) as reader:
                indices = np.unique(np.linspace(0, len(reader.times) - 1, count).round().astype(int))
                yield np.concatenate([batch.rgb for batch in reader.read(indices.tolist())])
        except FacefakeError as error:
            print(f"left out: {path.name}: {error.message}")


def same(face: Face, others: Sequence[Face]) -> Face | None:
    """Which of the others is this face: the nearest by landmarks, within half its distance between the eyes."""
    away = [float(np.linalg.norm(other.landmarks - face.landmarks, axis=1).mean()) for other in others]
    return others[int(np.argmin(away))] if away and min(away) < 0.5 * face.inter_eye else None


def on_videos(found: Mapping[str, list[list[Face]]]) -> Iterator[Row]:
    """One row for each two face detectors in either order, from what each found in the same frames."""
    for name, other in permutations(found, 2):
        pairs, more, faces = [], 0, 0
        for ours, theirs in zip(found[name], found[other], strict=True):
            known = [face for face in theirs if sure(face, other)]
            faces += len(known)
            pairs += [(match, face) for face in known if (match := same(face, ours))]
            more += sum(sure(face, name) and same(face, theirs) is None for face in ours)
        yield {
            "set": "videos",
            "face_detector": name,
            "against": other,
            "faces": faces,
            "found": len(pairs),
            "more": more,
            **distances([apart(ours.landmarks, face.landmarks) for ours, face in pairs]),
        }


def sure(face: Face, name: str) -> bool:
    """Whether scoring would take it for a face, and for one large enough."""
    return face.confidence >= sure_from(name.split()[0]) and face.inter_eye >= 16


def looked_for(
    clips: Iterable[np.ndarray], detectors: Mapping[str, FaceDetector]
) -> tuple[dict[str, list[list[Face]]], list[Row]]:
    """What each face detector finds, clip by clip in turn, and one row for each with its speed."""
    found: dict[str, list[list[Face]]] = {name: [] for name in detectors}
    seconds = dict.fromkeys(detectors, 0.0)
    for clip in clips:
        for name, detector in detectors.items():
            start = time.process_time()
            found[name] += detector.detect(clip)
            seconds[name] += time.process_time() - start
    rows: list[Row] = [
        {
            "set": "speed",
            "face_detector": name,
            "against": "mtcnn",
            "frames_per_second": f"{len(found[name]) / seconds[name]:.1f}",
            "ratio": f"{seconds['mtcnn'] / seconds[name]:.2f}",
        }
        for name in detectors
    ]
    return found, rows


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--onnx", type=Path, action="append", default=[], help="SCRFD, YuNet or RetinaFace")
    parser.add_argument("--frames", type=int, default=3, help="frames of each video")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "face_detectors.csv")
    arguments = parser.parse_args()

    detectors = loaded(arguments.onnx)
    files = dict(zip(list(detectors)[2:], (file.name for file in arguments.onnx), strict=True))
    rows = list(on_published_crops(arguments.data / "crops" / "aligned", detectors))
    found, speed = looked_for(frames_of(arguments.data, arguments.frames), detectors)
    rows += [*on_videos(found), *speed]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with arguments.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "file": files.get(str(row["face_detector"]), "")} for row in rows)
    for row in rows:
        print("  ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
