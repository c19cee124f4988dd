"""torch's pickles, opened without running what is in them.

``torch.load(weights_only=True)`` makes tensors and plain containers and nothing else. Published files also name classes
that it does not know (an optimiser, an enum of the authors' config): those of a short list of namespaces become
:class:`Inert`, which keeps what it is given and does nothing. A file that names anything else is refused. No class or
function that a file names is ever looked up, whatever the list says.
"""

from __future__ import annotations

import pickle
import pickletools
import re
import struct
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import torch

from facefake.opening.archive import Archive
from preprocessing.errors import FacefakeError

# what a damaged or hostile file can make an unpickler stumble over
FAULTS: Final = (
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    EOFError,
    OverflowError,
    MemoryError,
    struct.error,
)
# what a table of tensors and plain values needs; torch makes these itself
_PLAIN: Final = re.compile(
    r"torch\._utils\._rebuild_(tensor|tensor_v2|parameter|parameter_with_state)"
    r"|torch\._tensor\._rebuild_from_type_v2|torch\.nn\.parameter\.Parameter"
    r"|torch\.(storage\.)?\w+Storage|torch\.(Size|device|bool|u?int\d+|b?float\d+)"
    r"|collections\.(OrderedDict|Counter)|_codecs\.encode|builtins\.set"
)
# objects that published checkpoints hold beside their tensors, and who puts them there
_OBJECTS: Final = re.compile(
    r"src\.config\.\w+"  # the first LN-tuning paper's enums
    r"|torch\.optim\.[\w.]+"  # Dassl's schedulers keep one another, and the optimiser
    r"|argparse\.Namespace"  # training options, in many
    r"|pathlib\.[\w.]*Path"
    r"|numpy\.(_?core\.multiarray\.scalar|dtype)"  # metrics
    r"|(pytorch_)?lightning(_fabric)?\.[\w.]+"  # enums of Lightning's
)
_DICTIONARIES: Final = re.compile(r"collections\.defaultdict|builtins\.dict|[\w.]+\.AttributeDict")
_LEGACY_PARTS: Final = 5  # magic number, version, system, the object, the storages' keys
_LONGEST: Final = 1 << 26  # bytes of instructions; the largest model's tables take a hundredth
_NUMBER: Final = re.compile(r"[fiub][1248]")


class Inert:
    """Stands where a file names a class: keeps what it would be made of, and does nothing.

    Attributes:
        made_of: The arguments of its construction.
        state: What it was to be filled with; ``None`` if with nothing.
    """

    made_of: tuple[Any, ...]
    state: Any

    def __new__(cls, *made_of: Any) -> Inert:
        """One that was to be made of these; of nothing else, so that its class may take any."""
        self = super().__new__(cls)
        self.made_of, self.state = made_of, None
        return self

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def value(self) -> Any:
        """The plain value it holds, as an enum's member holds its value; else what it was filled with."""
        if self.state is None and len(self.made_of) == 1:
            return self.made_of[0]
        return self.state


class Number(Inert):
    """Stands for a numpy scalar."""

    def value(self) -> int | float | bool | None:
        """Its number; ``None`` if it is of no plain kind."""
        if len(self.made_of) != 2:
            return None
        kind, data = self.made_of
        code = kind.made_of[0] if isinstance(kind, Inert) and kind.made_of else None
        if not (isinstance(code, str) and _NUMBER.fullmatch(code) and isinstance(data, bytes)):
            return None
        numbers = np.frombuffer(data, np.dtype(code).newbyteorder("<")) if len(data) == int(code[1]) else np.zeros(0)
        number: int | float | bool | None = numbers[0].item() if len(numbers) else None
        return number


class _Dictionary:
    def __new__(cls, *_made_of: Any) -> OrderedDict[Any, Any]:  # type: ignore[misc]  # its items follow
        return OrderedDict()


def read_pickle(path: Path, archive: Archive | None) -> Any:
    """What a pickle of torch holds: tensors, containers, plain values and :class:`Inert`.

    Args:
        path: The file.
        archive: The same file where it is a zip archive, as torch has written them since version 1.6; ``None`` for the
            older form.

    Raises:
        FacefakeError: ``import_unsafe`` if it names what is not on the list, ``import_damaged``; ``import_mismatch`` if
            it is called a safetensors file, for newer versions of torch go by that name.
    """
    if path.name.endswith(".safetensors"):
        raise FacefakeError(
            "import_mismatch",
            f"{path} is called a safetensors file and is a pickle of torch.",
            f"Rename it, e.g. {path.with_suffix('.pth').name}.",
        )
    try:
        names = _names_in_archive(archive) if archive else _names_in_file(path)
    except FAULTS as error:
        raise damaged(path, error) from error
    stand_ins = {name: stand_in for name in names if (stand_in := _stand_in(name))}
    if strangers := sorted(name for name in names - set(stand_ins) if not _PLAIN.fullmatch(name)):
        raise unsafe(path, strangers)
    pairs: list[Any] = [(stand_in, name) for name, stand_in in stand_ins.items()]
    try:
        with torch.serialization.safe_globals(pairs), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an older form of storage, and of other pickle protocols
            # mapped rather than read: whatever length the file claims of a storage, none reaches beyond the file
            return torch.load(path, map_location="cpu", weights_only=True, mmap=archive is not None)
    except pickle.UnpicklingError as error:
        raise unsafe(path, []) from error
    except FAULTS as error:
        raise damaged(path, error) from error


def _stand_in(name: str) -> type | None:
    """What takes the place of an object of this name: a class of its own, for a file may write to it."""
    if _DICTIONARIES.fullmatch(name):
        return _Dictionary
    if _OBJECTS.fullmatch(name):
        return type(name.rpartition(".")[2], (Number if name.endswith(".scalar") else Inert,), {})
    return None


def _names_in_archive(archive: Archive) -> set[str]:
    with archive.open("data.pkl") as file:
        return set(_names(file))


def _names_in_file(path: Path) -> set[str]:
    with path.open("rb") as file:
        return {name for _ in range(_LEGACY_PARTS) for name in _names(file)}


def _names(file: IO[bytes]) -> Iterator[str]:
    """The classes and functions that a pickle names."""
    for instruction, argument in instructions(file):
        if instruction in ("GLOBAL", "INST"):
            module, _, name = str(argument).partition(" ")
            yield f"{'builtins' if module == '__builtin__' else module}.{name}"


def instructions(file: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """The instructions of one pickle with their arguments, read and not followed.

    Raises:
        ValueError: It is damaged, or of a size that no table of tensors has.
    """
    for instruction, argument, position in pickletools.genops(file):
        where = position or 0
        # an unpickler makes room for as many memories as the highest number of one
        if where > _LONGEST or ("PUT" in instruction.name and int(argument or 0) > where):
            raise ValueError("its table is larger than that of any model")
        yield instruction.name, argument


def unsafe(path: Path, strangers: list[str]) -> FacefakeError:
    """The error of a file that names code, or uses means to do so that plain files have no need of."""
    names = ", ".join(strangers[:3]) + (", ..." if len(strangers) > 3 else "")
    return FacefakeError(
        "import_unsafe",
        f"{path} is a pickle that holds more than tensors and plain values"
        + (f" (it names {names})" if names else "")
        + ", and could run code; it was not opened",
        "If you trust whoever made it, load it where it was made and save its state_dict() as .safetensors.",
    )


def damaged(path: Path, reason: object) -> FacefakeError:
    """The error of a file that is not whole."""
    words = str(reason).strip().splitlines()
    return FacefakeError(
        "import_damaged",
        f"{path} is damaged or cut short" + (f" ({words[0][:120]})" if words else ""),
        "Fetch or copy it again.",
    )
