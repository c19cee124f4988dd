"""A network from an ONNX file that nobody trusts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.errors import FacefakeError, first_line
from preprocessing.onnx_runtime import load_runtime, runtime_errors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_MOST_BYTES = 1 << 30  # the largest face detector published in these forms has 110 MB

_MOST_SIDE = 4096  # those published take 160 to 1280


class Network:
    """An ONNX network of one picture in and any number of arrays out, on the CPU.

    The file's bytes are read once, here, and the digest is theirs. Data beside the file is never loaded: ONNX Runtime
    refuses it for a network that comes as bytes. One thread a network: clips side by side keep the cores busy, and sums
    come out the same on every machine with the same processor.

    Args:
        file: The ``.onnx`` file.

    Raises:
        FacefakeError: ``package_missing`` without onnxruntime; ``not_found``, ``not_a_file``; ``face_detector_invalid``
            for what ONNX Runtime cannot load and for a network that does not take one picture of three channels.
    """

    def __init__(self, file: Path) -> None:
        data = _read(file)
        self.file = file
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._session = self._load(data)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or _channels(inputs[0].shape) != 3:
            taken = "; ".join(f"{each.name} {each.shape} {each.type}" for each in inputs)
            raise self.invalid(f"it takes {taken}", "one picture, (1, 3, height, width) float32")
        self._input = inputs[0].name
        height, width = inputs[0].shape[2:]
        self.size: tuple[int, int] | None = (width, height) if isinstance(width, int) else None
        """Width and height of the only pictures it takes; ``None`` if it takes any."""
        if self.size and max(self.size) > _MOST_SIDE:
            raise self.invalid(f"it takes pictures of {width} by {height}", f"at most {_MOST_SIDE} by {_MOST_SIDE}")

    def run(self, picture: np.ndarray) -> list[np.ndarray]:
        """Everything the network puts out for one picture.

        Args:
            picture: ``(3, height, width)`` float32.

        Raises:
            FacefakeError: ``face_detector_invalid``.
        """
        try:
            return [np.asarray(each) for each in self._session.run(None, {self._input: picture[None]})]
        except runtime_errors() as error:
            raise self._broken("run", error) from error

    def invalid(self, found: str, wanted: str) -> FacefakeError:
        """The error for a file that is no face detector of ours."""
        return FacefakeError("face_detector_invalid", f"{self.file}: {found}.", f"Expected: {wanted}.")

    def _load(self, data: bytes) -> InferenceSession:
        runtime = load_runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what is wrong is said by the error
        try:
            return runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except runtime_errors() as error:
            raise self._broken("load", error) from error

    def _broken(self, what: str, error: Exception) -> FacefakeError:
        return FacefakeError(
            "face_detector_invalid",
            f"{self.file}: ONNX Runtime cannot {what} it ({first_line(error)}).",
            "Download it again. Expected: SCRFD, YuNet or RetinaFace with five landmarks, whole in one .onnx file.",
        )


def _read(file: Path) -> bytes:
    if not file.exists():
        raise FacefakeError("not_found", f"No face detector at {file}.", "Give the .onnx file: onnx:FILE.")
    if not file.is_file():
        raise FacefakeError("not_a_file", f"{file} is not a file.", "Give the face detector's .onnx file: onnx:FILE.")
    if (size := file.stat().st_size) > _MOST_BYTES:
        raise FacefakeError(
            "face_detector_invalid", f"{file} has {size} bytes, more than any face detector.", "Is it the right file?"
        )
    return file.read_bytes()


def _channels(shape: Sequence[Any]) -> Any:
    return shape[1] if len(shape) == 4 else None
