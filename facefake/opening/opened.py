"""A published weights file, opened safely: its tensors under the names they have in it, and its other plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from facefake.opening.archive import FAULTS as ARCHIVE_FAULTS
from facefake.opening.archive import Archive, NotTorchError
from facefake.opening.flatten import flatten
from facefake.opening.pickles import damaged, read_pickle
from facefake.opening.plain import plain
from facefake.opening.torchscript import read_torchscript
from preprocessing.digest import sha256_file
from preprocessing.errors import FacefakeError

Kind = Literal["safetensors", "pickle", "torchscript"]

_WRAPPERS: Final = ("state_dict", "model")  # under which training code keeps the tensors of a model


@dataclass(frozen=True)
class Opened:
    """What a published file holds.

    Attributes:
        path: The file.
        kind: What kind of file it is, by its content.
        sha256: Of the file.
        tensors: By their names in the file, dots between the levels, without ``state_dict`` or ``model`` around them
            and without ``module.`` before them; on the CPU, in the file's dtypes. Views of one storage share its
            memory.
        values: The file's other values: nested dicts, lists, text, numbers, ``None`` also for what is no plain value.
    """

    path: Path
    kind: Kind
    sha256: str
    tensors: dict[str, Tensor]
    values: dict[str, Any]


def open_published(path: Path) -> Opened:
    """Open a published weights file: safetensors, a pickle of torch, or a TorchScript archive, told by its content.

    Nothing in the file is run: pickles are read with ``weights_only=True``, classes they name are replaced by inert
    stand-ins where they are of a short list and refused where not, and of TorchScript only the tensors are read.

    Raises:
        FacefakeError: ``not_found``, ``not_a_file``, ``import_damaged``, ``import_unsafe``; ``import_mismatch`` for a
            file that is none of these, e.g. the web page that a download ended in.
    """
    kind, tensors, values = _opened(path)
    return Opened(path, kind, sha256_file(path) or "", tensors, values)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors alone, where the file's digest is not asked for.

    Raises:
        FacefakeError: As :func:`open_published`.
    """
    return _opened(path)[1]


def _opened(path: Path) -> tuple[Kind, dict[str, Tensor], dict[str, Any]]:
    kind, root = _content(path)
    model, values = _unwrapped(root)
    try:
        return kind, {_bare(name): _dense(tensor) for name, tensor in flatten(model).items()}, plain(values)
    except ValueError as error:
        raise damaged(path, error) from error


def _content(path: Path) -> tuple[Kind, Any]:
    start = _start(path)
    if start[:4] == b"PK\x03\x04":
        return _from_archive(path)
    if start[8:9] == b"{":  # before pickles: the length in front of it can begin as they do
        return "safetensors", _from_safetensors(path)
    if start[:1] == b"\x80":
        return "pickle", read_pickle(path, None)
    raise _stranger(path, start)


def _start(path: Path) -> bytes:
    if not path.exists():
        raise FacefakeError("not_found", f"There is no file {path}.", "Check the path.")
    if not path.is_file():
        raise FacefakeError("not_a_file", f"{path} is not a file.", "Name the file of weights itself.")
    try:
        with path.open("rb") as file:
            return file.read(512)
    except OSError as error:
        raise damaged(path, error) from error


def _from_archive(path: Path) -> tuple[Kind, Any]:
    try:
        with Archive(path) as archive:
            archive.check()
            if "constants.pkl" in archive.names:
                return "torchscript", read_torchscript(path, archive)
            return "pickle", read_pickle(path, archive)
    except NotTorchError as error:
        raise FacefakeError(
            "import_mismatch", f"{path} is a zip archive of {error}.", "Unpack it, and name the file of weights in it."
        ) from error
    except ARCHIVE_FAULTS as error:
        raise damaged(path, error) from error


def _from_safetensors(path: Path) -> dict[str, Any]:
    try:
        with safe_open(path, framework="pt") as file:
            names = file.keys()
            return {**(file.metadata() or {}), **{name: file.get_tensor(name) for name in names}}
    except (SafetensorError, OSError, RuntimeError, ValueError) as error:
        raise damaged(path, error) from error


def _unwrapped(root: Any) -> tuple[Any, dict[Any, Any]]:
    """The model's table of tensors, and what stood beside it and around it."""
    values: dict[Any, Any] = {}
    while isinstance(root, Mapping):
        inner = next((name for name in _WRAPPERS if isinstance(root.get(name), Mapping)), None)
        values |= {key: value for key, value in root.items() if key != inner and not isinstance(value, Tensor)}
        if inner is None:
            break
        root = root[inner]
    return root, values


def _bare(name: str) -> str:
    return re.sub(r"^(module\.)+", "", name)


def _dense(tensor: Tensor) -> Tensor:
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        raise ValueError("it holds a tensor that is packed in a special way")
    if tensor.nbytes > tensor.untyped_storage().nbytes():
        raise ValueError("it holds a tensor that claims to be larger than its bytes")
    return tensor.detach()


def _stranger(path: Path, start: bytes) -> FacefakeError:
    text = start.lstrip().lower()
    if not start:
        return damaged(path, "it has zero bytes")
    if text.startswith(b"<"):
        what, hint = "is a web page, not the file it offers", "Open the address in a browser and confirm the download."
    elif text.startswith(b"version https://git-lfs"):
        what, hint = "is a pointer of Git LFS, not the file itself", "Run `git lfs pull`, or download it by hand."
    else:
        what, hint = "is neither safetensors, nor a pickle of torch, nor TorchScript", "Check what was downloaded."
    return FacefakeError("import_mismatch", f"{path} {what}.", hint)
