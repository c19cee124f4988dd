"""The tensors of a TorchScript archive, without loading the program that it is.

Such an archive is a zip with the source text of a model (``code/``, never read here), its attributes as a pickle
(``data.pkl``) and its tensors' bytes (``data/0``, ...). Unpickling makes nothing but :class:`Inert` stand-ins, each
remembering what it stands for; tensors are made of them afterwards, by their names as attributes.
"""

from __future__ import annotations

import math
import pickle
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, Final

import torch
from torch import Tensor

from facefake.opening.archive import Archive
from facefake.opening.flatten import flatten
from facefake.opening.pickles import FAULTS, Inert, damaged, instructions, unsafe

_KINDS: Final = {
    f"torch.{name}Storage": dtype
    for name, dtype in {
        "Double": torch.float64,
        "Float": torch.float32,
        "Half": torch.float16,
        "BFloat16": torch.bfloat16,
        "Long": torch.int64,
        "Int": torch.int32,
        "Short": torch.int16,
        "Char": torch.int8,
        "Byte": torch.uint8,
        "Bool": torch.bool,
    }.items()
}
_TENSOR: Final = "torch._utils._rebuild_tensor_v2"
_OBJECTS: Final = ("__torch__.", "torch.jit._pickle.", "collections.OrderedDict")


def read_torchscript(path: Path, archive: Archive) -> dict[str, Tensor]:
    """The parameters, buffers and other tensors of a scripted or traced module, named as its attributes.

    Raises:
        FacefakeError: ``import_unsafe`` if it names what TorchScript has no need of; ``import_damaged``.
    """
    try:
        root = _Attributes(archive.read("data.pkl")).load()
        return flatten(root, _Tensors(archive).view)
    except pickle.UnpicklingError as error:
        raise unsafe(path, [str(error)]) from error
    except FAULTS as error:
        raise damaged(path, error) from error


class _Named(Inert):
    stands_for: ClassVar[str]


class _Storage(Inert):
    """What a tensor's bytes are said to be: ``("storage", kind, key, device, length)``."""


class _Attributes(pickle.Unpickler):
    def __init__(self, data: bytes) -> None:
        for _ in instructions(BytesIO(data)):
            pass  # of a size to be followed
        super().__init__(BytesIO(data))

    def find_class(self, module: str, name: str) -> type[_Named]:
        known = f"{module}.{name}"
        if known != _TENSOR and known not in _KINDS and not known.startswith(_OBJECTS):
            raise pickle.UnpicklingError(known)
        # a class of its own each time: whatever a file does to it stays in that file
        return type(name, (_Named,), {"stands_for": known})

    def persistent_load(self, identity: Any) -> _Storage:
        return _Storage(*identity)


class _Tensors:
    """Makes tables and tensors of stand-ins, tensors of one storage sharing memory as in the model."""

    def __init__(self, archive: Archive) -> None:
        self._bytes = cache(lambda key: bytearray(archive.read(f"data/{key}")))

    def view(self, node: Any) -> Any:
        """A module's attributes, a tensor, or the node itself."""
        if not isinstance(node, _Named):
            return node
        if node.stands_for == _TENSOR:
            return self._tensor(*node.made_of[:4])
        return node.state

    def _tensor(self, storage: _Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
        _, kind, key, *_ = storage.made_of
        dtype = _KINDS[kind.stands_for]
        if math.prod(size) == 0:
            return torch.empty(size, dtype=dtype)
        # reaches beyond the storage: as_strided refuses
        return torch.frombuffer(self._bytes(key), dtype=dtype).as_strided(size, stride, offset)
