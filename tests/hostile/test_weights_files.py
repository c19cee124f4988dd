"""Published weights nobody should trust: what would run code does not run, and what lies about its size is refused."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import struct
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from facefake.opening.opened import open_published
from preprocessing.errors import FacefakeError


class Bomb:
    """Touches a file as it is unpickled."""

    def __init__(self, fuse: Path) -> None:
        self.fuse = fuse

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.fuse,)


class System(Bomb):
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        import os

        return os.system, (f"touch {self.fuse}",)


def refused(path: Path) -> str:
    with pytest.raises(FacefakeError) as caught:
        open_published(path)
    return caught.value.code


def with_record(source: Path, target: Path, name: str, data: bytes) -> Path:
    """A copy of a torch file with one record replaced."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            new.writestr(info.filename, data if info.filename.endswith(f"/{name}") else old.read(info))
    return target


@pytest.fixture
def fuse(tmp_path: Path) -> Path:
    return tmp_path / "ran"


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A sound checkpoint, a thousand values."""
    torch.save({"weight": torch.ones(10, 100)}, tmp_path / "whole.pth")
    return tmp_path / "whole.pth"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A sound TorchScript archive."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(torch.nn.Linear(3, 2)).save(str(tmp_path / "whole.pt"))
    return tmp_path / "whole.pt"


@pytest.mark.parametrize("bomb", [Bomb, System])
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    "place",
    [
        lambda bomb: {"weight": torch.ones(2), "x": bomb},
        lambda bomb: {"state_dict": {"weight": torch.ones(2)}, "hyper_parameters": {"deep": [{"er": bomb}]}},
        lambda bomb: {"state_dict": OrderedDict(weight=bomb)},
        lambda bomb: bomb,
    ],
)
def test_a_pickle_that_would_run_code_is_refused_unrun(tmp_path: Path, fuse: Path, bomb, zipped: bool, place):
    torch.save(place(bomb(fuse)), tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    assert refused(tmp_path / "w.pth") == "import_unsafe"
    assert not fuse.exists()


@pytest.mark.parametrize("suffix", ["pth", "safetensors", "pt", "onnx"])
@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_bare_pickle_is_refused_whatever_it_is_called(tmp_path: Path, fuse: Path, suffix: str, protocol: int):
    path = tmp_path / f"w.{suffix}"
    path.write_bytes(pickle.dumps({"weight": Bomb(fuse)}, protocol=protocol))
    # torch takes a file of that name for one of safetensors whatever is in it, so it is not asked
    codes = ("import_mismatch",) if suffix == "safetensors" else ("import_unsafe", "import_damaged")
    assert refused(path) in codes
    assert not fuse.exists()


def test_a_name_put_together_while_unpickling_is_not_resolved(tmp_path: Path, whole: Path, fuse: Path):
    # STACK_GLOBAL takes module and name from the stack, where a scan for names does not see them
    code = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c" + bytes([len(f"touch {fuse}")]) + f"touch {fuse}".encode()
    assert refused(with_record(whole, tmp_path / "w.pth", "data.pkl", code + b"\x85R.")) == "import_unsafe"
    assert not fuse.exists()


def test_a_torchscript_archive_whose_attributes_would_run_code(tmp_path: Path, script: Path, fuse: Path):
    for number, data in enumerate((pickle.dumps(Bomb(fuse), 2), pickle.dumps({"a": [System(fuse)]}, 4))):
        path = with_record(script, tmp_path / f"{number}.pt", "data.pkl", data)
        assert refused(path) == "import_unsafe"
    assert not fuse.exists()


def test_other_pickles_in_a_torchscript_archive_are_not_read(tmp_path: Path, script: Path, fuse: Path):
    path = with_record(script, tmp_path / "w.pt", "constants.pkl", pickle.dumps(Bomb(fuse)))
    assert set(open_published(path).tensors) == {"weight", "bias"}
    assert not fuse.exists()


def test_a_stand_in_is_filled_and_called_without_anything_happening(tmp_path: Path, whole: Path, fuse: Path):
    def pickled(*instructions: bytes) -> bytes:
        return b"\x80\x02}X\x04\x00\x00\x00name" + b"".join(instructions) + b"s."

    text = b"X" + struct.pack("<I", len(str(fuse))) + str(fuse).encode()
    called = pickled(b"cpathlib\nPosixPath\n", text, b"\x85R")  # REDUCE
    made = pickled(b"ctorch.optim.evil\nOpen\n", text, b"\x85\x81", b"}", text, text, b"sb")  # NEWOBJ, BUILD
    for number, data in enumerate((called, made)):
        opened = open_published(with_record(whole, tmp_path / f"{number}.pth", "data.pkl", data))
        assert opened.tensors == {}
    assert opened.values == {"name": {str(fuse): str(fuse)}}
    assert not fuse.exists()


def test_what_a_file_does_to_a_stand_in_stays_in_that_file(tmp_path: Path, script: Path):
    # BUILD on the class itself, not on an instance: sets attributes of what find_class gave
    data = b"\x80\x02c__torch__\nM\n}X\x0a\x00\x00\x00stands_forX\x04\x00\x00\x00evilsb."
    assert refused(with_record(script, tmp_path / "w.pt", "data.pkl", data)) == "import_damaged"
    assert set(open_published(script).tensors) == {"weight", "bias"}


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("make", ["pickle", "legacy", "torchscript", "safetensors"])
def test_a_file_cut_short_is_damaged(tmp_path: Path, whole: Path, script: Path, make: str, share: float):
    path = tmp_path / "w"
    if make == "legacy":
        torch.save({"weight": torch.ones(10, 100)}, path, _use_new_zipfile_serialization=False)
    elif make == "safetensors":
        save_file({"weight": torch.ones(10, 100)}, path)
    else:
        shutil.copy(whole if make == "pickle" else script, path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert refused(path) == "import_damaged"


def test_a_flipped_bit_is_damage(whole: Path):
    data = bytearray(whole.read_bytes())
    data[data.index(torch.ones(8).numpy().tobytes())] ^= 1
    whole.write_bytes(data)
    assert refused(whole) == "import_damaged"


def test_records_that_would_grow_as_they_are_read(tmp_path: Path, whole: Path):
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, bytes(10_000_000) if info.filename.endswith("data/0") else old.read(info))
    assert (tmp_path / "bomb.pth").stat().st_size < 20_000
    assert refused(tmp_path / "bomb.pth") == "import_damaged"


def test_records_that_claim_more_than_the_file_has(whole: Path):
    data = bytearray(whole.read_bytes())
    entry = data.index(b"PK\x01\x02")  # the directory at the end: packed and unpacked size of the first record
    data[entry + 20 : entry + 28] = struct.pack("<II", 1 << 30, 1 << 30)
    whole.write_bytes(data)
    assert refused(whole) == "import_damaged"


def test_a_tensor_that_claims_more_than_its_bytes(tmp_path: Path, whole: Path, script: Path):
    torch.save({"weight": torch.ones(1).expand(1 << 20, 1 << 20)}, tmp_path / "stretched.pth")
    assert refused(tmp_path / "stretched.pth") == "import_damaged"
    for source in (whole, script):
        with zipfile.ZipFile(source) as archive:
            name = next(each for each in archive.namelist() if each.endswith("/data/0"))
            data = archive.read(name)
        assert refused(with_record(source, tmp_path / "short", "data/0", data[:4])) == "import_damaged"


def test_a_length_beyond_the_file_reads_nothing_beyond_it(tmp_path: Path, whole: Path):
    with zipfile.ZipFile(whole) as archive:
        table = archive.read("whole/data.pkl")
    sizes = table.replace(b"M\xe8\x03", b"J\x00\x00\x00\x10").replace(b"K\nKd\x86", b"K\nJ\x00\x00\x00\x01\x86")
    assert table.count(b"M\xe8\x03") == table.count(b"K\nKd\x86") == 1
    assert refused(with_record(whole, tmp_path / "w.pth", "data.pkl", sizes)) == "import_damaged"


def test_tables_that_hold_themselves_or_unfold_without_end(tmp_path: Path):
    ring: dict[str, Any] = {"weight": torch.ones(2)}
    ring["again"] = ring
    torch.save({"tower": ring}, tmp_path / "ring.pth")
    tree: dict[str, Any] = {"weight": torch.ones(2)}
    for _ in range(40):
        tree = {"a": tree, "b": tree}
    torch.save(tree, tmp_path / "tree.pth")
    values: list[Any] = ["lol"]
    for _ in range(12):
        values = [values] * 10
    torch.save({"state_dict": {"weight": torch.ones(2)}, "values": values}, tmp_path / "values.pth")
    codes = [refused(tmp_path / f"{name}.pth") for name in ("ring", "tree", "values")]
    assert codes == ["import_damaged"] * 3


def test_a_pickle_that_asks_for_memory_it_has_no_use_for(tmp_path: Path, script: Path):
    data = b"\x80\x02}r" + struct.pack("<I", 0xFFFFFFF0) + b"."  # LONG_BINPUT: remember as number 4294967280
    assert refused(with_record(script, tmp_path / "w.pt", "data.pkl", data)) == "import_damaged"


def test_a_safetensors_header_that_lies(tmp_path: Path):
    def safetensors(header: dict[str, Any], length: int | None = None) -> Path:
        text = json.dumps(header).encode()
        size = struct.pack("<Q", len(text) if length is None else length)
        (tmp_path / "w.safetensors").write_bytes(size + text + bytes(8))
        return tmp_path / "w.safetensors"

    tensor = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    assert set(open_published(safetensors({"a": tensor})).tensors) == {"a"}
    for wrong in ({"shape": [1 << 40]}, {"data_offsets": [0, 1 << 40]}, {"dtype": "F99"}, {"data_offsets": [8, 0]}):
        assert refused(safetensors({"a": tensor | wrong})) == "import_damaged"
    assert refused(safetensors({"a": tensor}, length=1 << 62)) == "import_damaged"


def test_the_program_in_a_torchscript_archive_is_never_compiled(tmp_path: Path, script: Path):
    with zipfile.ZipFile(script) as archive:
        source = next(name for name in archive.namelist() if name.endswith(".py"))
    path = with_record(script, tmp_path / "w.pt", source.partition("/")[2], b"this is no program")
    with pytest.warns(FutureWarning), pytest.raises(RuntimeError):
        torch.jit.load(io.BytesIO(path.read_bytes()))
    assert set(open_published(path).tensors) == {"weight", "bias"}
