"""The outside of an ``.onnx`` file: its metadata, and whether it is whole and alone. Nothing here needs onnx or torch.

An ONNX file is one ``ModelProto`` (onnx.proto): field 7 the graph with its weights, field 14 the metadata, a row of
entries with key (1) and value (2). The file is mapped, so that stepping over the weights reads none of them.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from facefake.models.onnx.protobuf import WireError, fields, text_field
from preprocessing.errors import FacefakeError

_METADATA = 14
# where a tensor can stand: message -> field -> message
_INSIDE: Final[Mapping[str, Mapping[int, str]]] = {
    "model": {7: "graph", 25: "function"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_EXTERNAL: Final = {13, 14}  # of a tensor: where its bytes lie, and that they lie elsewhere
_DEEPEST = 100  # what protobuf's own readers allow


def read_metadata(path: Path) -> dict[str, str]:
    """What the file's maker wrote beside the graph; of one key that stands twice, the last.

    Raises:
        FacefakeError: ``export_invalid`` if the file is damaged or no ONNX, ``detector_not_found``.
    """
    try:
        return dict(_entry(field.value) for field in fields(mapped(path)) if field.number == _METADATA)
    except (WireError, UnicodeDecodeError) as error:
        raise invalid(path, f"it is no ONNX file, or cut short ({error})") from error


def with_metadata(model: memoryview, changed: Mapping[str, str]) -> Iterator[memoryview | bytes]:
    """The bytes of a model, in pieces, with these entries in place of those of the same keys; all else as it was.

    Raises:
        WireError: The bytes are no model.
    """
    for field in fields(model):
        if field.number != _METADATA or _entry(field.value)[0] not in changed:
            yield model[field.start : field.end]
    for key, value in changed.items():
        yield text_field(_METADATA, text_field(1, key.encode()) + text_field(2, value.encode()))


def check_alone(path: Path) -> None:
    """Refuse a file whose weights lie in other files: which ones it could name is the file's choice, not the user's.

    Raises:
        FacefakeError: ``export_invalid``.
    """
    try:
        outside = _outside(mapped(path), "model", 0)
    except WireError as error:
        raise invalid(path, f"its graph is damaged ({error})") from error
    if outside:
        raise invalid(path, "its weights lie in other files, which are not opened")


def invalid(path: Path, reason: str) -> FacefakeError:
    """The error of an ``.onnx`` file that is no usable detector."""
    return FacefakeError(
        "export_invalid",
        f"{path} is no exported detector that can be used: {reason}",
        "Use a file that `facefake export` wrote; copy or export it again.",
    )


def mapped(path: Path) -> memoryview:
    """A file's bytes, read as they are looked at.

    Raises:
        FacefakeError: ``export_invalid`` for a file that is empty or cannot be read, ``detector_not_found``.
    """
    if not path.is_file():
        raise FacefakeError("detector_not_found", f"there is no detector file {path}", "Check the path.")
    try:
        with path.open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:  # nothing can be mapped of an empty file
        raise invalid(path, f"it is empty or cannot be read ({error})") from error


def _entry(value: int | memoryview) -> tuple[str, str]:
    parts = {1: "", 2: ""}
    for field in fields(_message(value)):
        parts[field.number] = bytes(_message(field.value)).decode()
    return parts[1], parts[2]


def _outside(message: memoryview, kind: str, depth: int) -> bool:
    """Whether a tensor in a message has its bytes elsewhere."""
    if depth > _DEEPEST:
        raise WireError("messages inside messages without an end")
    if kind == "tensor":
        return any(field.number in _EXTERNAL and field.value != 0 for field in fields(message))
    inside = _INSIDE[kind]
    return any(
        _outside(_message(field.value), inside[field.number], depth + 1)
        for field in fields(message)
        if field.number in inside
    )


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise WireError("a number where a message should be")
    return value
