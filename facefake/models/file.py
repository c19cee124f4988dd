"""The detector file's outside: what kind of file it is, and the card in its header. Nothing here needs torch.

A ``.safetensors`` is eight bytes of length (little-endian), so many bytes of JSON, and the tensors' bytes one after
another, which the JSON counts from its own end: a header can be replaced without touching them. An exported detector is
an ``.onnx`` (:mod:`facefake.models.onnx.file`) with the card in its metadata.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from facefake.models.card import FORMAT, DetectorCard
from facefake.models.onnx.file import invalid, mapped, read_metadata, with_metadata
from preprocessing.errors import FacefakeError
from preprocessing.files import write_atomic, write_pieces

DETECTOR_FILE = "detector.safetensors"
"""What a detector file is called in the folder of its training, and in a repository."""

HEADER_KEY = "facefake"
_LENGTH = 8  # bytes that hold the header's length, and what the header is padded to a multiple of


def read_card(path: Path) -> DetectorCard:
    """The card of a detector file, without loading a backbone.

    Raises:
        FacefakeError: ``detector_not_found``, ``detector_pickle``, ``detector_corrupt``; ``export_invalid`` of an
            ``.onnx``.
    """
    if is_onnx(path):
        text = read_metadata(path).get(HEADER_KEY)
        if text is None:
            raise invalid(path, "it has no card: it is another program's ONNX file")
        return _parse_card(path, text)
    _check_magic(path)
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise damaged(path, error) from error
    if HEADER_KEY not in metadata:
        raise corrupt(path, "its header has no card: it is another program's safetensors")
    return _parse_card(path, metadata[HEADER_KEY])


def write_card(source: Path, target: Path, card: DetectorCard) -> None:
    """Write the detector file ``source`` to ``target`` with another card and the very same tensors, or graph.

    Raises:
        FacefakeError: What :func:`read_card` raises of ``source``; ``usage`` for a name that says another form, or
            ``not_writable``.
    """
    read_card(source)
    check_suffix(target, exported=is_onnx(source))
    if is_onnx(source):
        write_pieces(target, with_metadata(mapped(source), {HEADER_KEY: card.model_dump_json()}))
        return
    whole = source.read_bytes()
    start = _LENGTH + int.from_bytes(whole[:_LENGTH], "little")
    header = json.loads(whole[_LENGTH:start])
    header["__metadata__"][HEADER_KEY] = card.model_dump_json()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH)  # tensors stay aligned
    write_atomic(target, len(text).to_bytes(_LENGTH, "little") + text + whole[start:])


def is_onnx(path: Path) -> bool:
    """Whether a file is meant to be an exported detector, by its name."""
    return path.suffix.lower() == ".onnx"


def check_suffix(target: Path, *, exported: bool) -> None:
    """Refuse a name that says another form than the file's, by which it could not be read again.

    Raises:
        FacefakeError: ``usage``.
    """
    if is_onnx(target) != exported:
        what, ending = ("an exported detector", ".onnx") if exported else ("a detector file", ".safetensors")
        raise FacefakeError(
            "usage", f"{target} would be {what}, whose name ends in {ending}.", f"Call it {target.stem}{ending}."
        )


def corrupt(path: Path, reason: str) -> FacefakeError:
    """The error of a file that is no usable detector."""
    if is_onnx(path):
        return invalid(path, reason)
    return FacefakeError(
        "detector_corrupt", f"{path} is no detector that can be used: {reason}", "Copy or train it again."
    )


def damaged(path: Path, error: Exception) -> FacefakeError:
    """The error of a file that is not what a whole safetensors is."""
    return corrupt(path, f"it is damaged or truncated ({error})")


def _check_magic(path: Path) -> None:
    """Tell pickles apart by their first bytes, and never open them."""
    if not path.is_file():
        raise FacefakeError("detector_not_found", f"there is no detector file {path}", "Check the path.")
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except OSError as error:
        raise corrupt(path, f"it cannot be read ({error.strerror})") from error
    if head[8:9] == b"{":
        return  # eight bytes of length, then JSON: safetensors
    if head[:4] == b"PK\x03\x04" or (head[:1] == b"\x80" and head[1:2] <= b"\x05"):
        raise FacefakeError(
            "detector_pickle",
            f"{path} is a pickle (as .pt, .pth and .ckpt files are), which can run code when opened; it was not opened",
            "Use a detector.safetensors as `facefake train` writes it.",
        )
    raise corrupt(path, "it is not a safetensors file")


def _parse_card(path: Path, text: str) -> DetectorCard:
    try:
        values = json.loads(text)
        version = values.get("format") if isinstance(values, dict) else None
        if version != FORMAT:
            raise FacefakeError(
                "export_invalid" if is_onnx(path) else "detector_corrupt",
                f"{path} has format version {version!r}; this facefake reads version {FORMAT}",
                "Update facefake, or train the detector again.",
            )
        return DetectorCard.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise corrupt(path, f"its card is wrong at {where}: {first['msg'].lower()}") from error
    except ValueError as error:
        raise corrupt(path, "its card is no JSON") from error
