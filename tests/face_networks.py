"""ONNX files that say of any picture that the same faces are in it, in the forms face detectors are published in.

What stands in them is worked out here from the published descriptions, face by face, so that reading it back tests the
reader and not its own inverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

CANVAS = 640


@dataclass(frozen=True)
class Known:
    """A face in pixels of the canvas, counted from its edge."""

    box: tuple[float, float, float, float]
    landmarks: tuple[tuple[float, float], ...]
    confidence: float = 0.95


def known(x: float, y: float, side: float, confidence: float = 0.95) -> Known:
    """A face whose box begins at x, y, with landmarks where a face has them."""
    parts = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
    box = (x, y, x + side, y + 1.2 * side)
    return Known(box, tuple((x + a * side, y + b * 1.2 * side) for a, b in parts), confidence)


def _cell(face: Known, stride: int) -> tuple[int, int, int]:
    """Column, row and number of the cell that holds the middle of the box."""
    column = int((face.box[0] + face.box[2]) / 2 // stride)
    row = int((face.box[1] + face.box[3]) / 2 // stride)
    return column, row, row * (CANVAS // stride) + column


def scrfd(faces: Sequence[Known], levels: int = 3, anchors: int = 2) -> list[np.ndarray]:
    """Scores, distances and vectors of each level; faces alternate between levels and between anchors."""
    strides = [8 * 2**level for level in range(levels)]
    rows = [anchors * (CANVAS // stride) ** 2 for stride in strides]
    scores, boxes, points = ([np.zeros((1, n, width), np.float32) for n in rows] for width in (1, 4, 10))
    for number, face in enumerate(faces):
        level = number % levels
        stride = strides[level]
        column, row, cell = _cell(face, stride)
        place, (x, y) = cell * anchors + number % anchors, (column * stride, row * stride)
        x1, y1, x2, y2 = face.box
        scores[level][0, place] = face.confidence
        boxes[level][0, place] = [(x - x1) / stride, (y - y1) / stride, (x2 - x) / stride, (y2 - y) / stride]
        points[level][0, place] = [v for px, py in face.landmarks for v in ((px - x) / stride, (py - y) / stride)]
    return [*scores, *boxes, *points]


def yunet(faces: Sequence[Known]) -> list[np.ndarray]:
    """Class and object scores, whose product is the confidence squared, then boxes and points of each level."""
    strides = (8, 16, 32)
    rows = [(CANVAS // stride) ** 2 for stride in strides]
    classes, objects, boxes, points = ([np.zeros((1, n, width), np.float32) for n in rows] for width in (1, 1, 4, 10))
    for number, face in enumerate(faces):
        level = number % 3
        stride = strides[level]
        column, row, cell = _cell(face, stride)
        x1, y1, x2, y2 = face.box
        classes[level][0, cell], objects[level][0, cell] = 1.2, face.confidence**2  # over 1 counts as 1
        boxes[level][0, cell, 0] = (x1 + x2) / 2 / stride - column
        boxes[level][0, cell, 1] = (y1 + y2) / 2 / stride - row
        boxes[level][0, cell, 2:] = np.log([(x2 - x1) / stride, (y2 - y1) / stride])
        points[level][0, cell] = [v for px, py in face.landmarks for v in (px / stride - column, py / stride - row)]
    return [*classes, *objects, *boxes, *points]


def retinaface(faces: Sequence[Known]) -> list[np.ndarray]:
    """Boxes, probabilities of none and of a face, and landmarks, against the second prior of a cell."""
    priors, first = [((8, 32), 80), ((16, 128), 40), ((32, 512), 20)], [0, 2 * 80**2, 2 * (80**2 + 40**2)]
    total = 2 * (80**2 + 40**2 + 20**2)
    boxes, points = np.zeros((1, total, 4), np.float32), np.zeros((1, total, 10), np.float32)
    classes = np.tile(np.float32([1, 0]), (1, total, 1))
    for number, face in enumerate(faces):
        (stride, side), _ = priors[number % 3]
        column, row, cell = _cell(face, stride)
        place, (x, y) = first[number % 3] + 2 * cell + 1, ((column + 0.5) * stride, (row + 0.5) * stride)
        x1, y1, x2, y2 = face.box
        classes[0, place] = [1 - face.confidence, face.confidence]
        boxes[0, place, :2] = [((x1 + x2) / 2 - x) / (0.1 * side), ((y1 + y2) / 2 - y) / (0.1 * side)]
        boxes[0, place, 2:] = [np.log((x2 - x1) / side) / 0.2, np.log((y2 - y1) / side) / 0.2]
        points[0, place] = [v for px, py in face.landmarks for v in ((px - x) / (0.1 * side), (py - y) / (0.1 * side))]
    return [boxes, classes, points]


def write(path: Path, outputs: Sequence[np.ndarray], channels: int = 3, size: int | str = CANVAS) -> Path:
    """An ONNX file that puts these out whatever it is shown."""
    shown = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, channels, size, size])
    nodes, values, constants = [], [], []
    for number, array in enumerate(outputs):
        array = np.asarray(array, np.float32)
        constants.append(helper.make_tensor(f"c{number}", TensorProto.FLOAT, array.shape, array.tobytes(), raw=True))
        nodes.append(helper.make_node("Identity", [f"c{number}"], [f"out{number}"]))
        values.append(helper.make_tensor_value_info(f"out{number}", TensorProto.FLOAT, array.shape))
    graph = helper.make_graph(nodes, "faces", [shown], values, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path
