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
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import torch

from facefake.importing.archive import Archive
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
# namespaces of which published checkpoints hold objects beside their tensors, and who puts them there
_HARMLESS: Final = re.compile(
    r"src\.config\.\w+"  # the first LN-tuning paper's enums
    r"|torch\.optim\.[\w.]+"  # Dassl's schedulers keep one another, and the optimiser
    r"|argparse\.Namespace"  # training options, in many
    r"|pathlib\.\w*Path"
    r"|numpy\.(_?core\.multiarray\.scalar|dtype)"  # metrics
    r"|(pytorch_)?lightning\.\w+(\.\w+)*"  # Lightning's enums and attribute dictionaries
)
_DICTIONARIES: Final = {"collections.defaultdict", "builtins.dict"}
# what torch itself may build of a plain state dict; only to tell in words which names of a file are not among it
_TORCHS_OWN: Final = re.compile(r"(torch|collections|_codecs)\..*|builtins\.(set|complex|bytearray)")
_LEGACY_PARTS: Final = 5  # magic number, version, system, the object, the storages' keys
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


def _dictionary(*_made_of: Any) -> dict[Any, Any]:
    return {}


def read_pickle(path: Path, archive: Archive | None) -> Any:
    """What a pickle of torch holds: tensors, containers, plain values and :class:`Inert`.

    Args:
        path: The file.
        archive: The same file where it is a zip archive, as torch has written them since version 1.6; ``None`` for the
            older form.

    Raises:
        FacefakeError: ``import_unsafe`` if it names what is not on the list, ``import_damaged``.
    """
    try:
        names = _names_in_archive(archive) if archive else _names_in_file(path)
    except FAULTS as error:
        raise damaged(path, error) from error
    stand_ins: list[Any] = [(_stand_in(name), name) for name in sorted(names) if _is_harmless(name)]
    try:
        with torch.serialization.safe_globals(stand_ins), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an older form of storage, and of other pickle protocols
            # mapped rather than read: whatever length the file claims of a storage, none reaches beyond the file
            return torch.load(path, map_location="cpu", weights_only=True, mmap=archive is not None)
    except pickle.UnpicklingError as error:
        strangers = sorted(name for name in names if not (_is_harmless(name) or _TORCHS_OWN.fullmatch(name)))
        raise unsafe(path, strangers) from error
    except FAULTS as error:
        raise damaged(path, error) from error


def _is_harmless(name: str) -> bool:
    return name in _DICTIONARIES or _HARMLESS.fullmatch(name) is not None


def _stand_in(name: str) -> Any:
    if name in _DICTIONARIES:
        return _dictionary
    kind = Number if name.endswith(".scalar") else Inert
    return type(name.rpartition(".")[2], (kind,), {})


def _names_in_archive(archive: Archive) -> set[str]:
    with archive.open("data.pkl") as file:
        return set(_names(file))


def _names_in_file(path: Path) -> set[str]:
    with path.open("rb") as file:
        return {name for _ in range(_LEGACY_PARTS) for name in _names(file)}


def _names(file: IO[bytes]) -> Iterator[str]:
    """The classes and functions that one pickle names, by reading its instructions and following none."""
    for instruction, argument, _ in pickletools.genops(file):
        if instruction.name in ("GLOBAL", "INST"):
            module, _, name = str(argument).partition(" ")
            yield f"{'builtins' if module == '__builtin__' else module}.{name}"


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
