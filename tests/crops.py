"""Miniatures of releases that hold faces already cut out: coloured noise for faces, the fakes with a grid over them."""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def crop(seed: int, fake: bool = False, side: int = 48) -> np.ndarray:
    """A smooth random picture (side, side, 3) uint8; a fake one has a faint grid."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(40, 216, (16, 16, 3), np.uint8)).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    picture = np.asarray(coarse).astype(np.int16)
    if fake:
        picture[::4] += 40
        picture[:, ::4] += 40
    return picture.clip(0, 255).astype(np.uint8)


def png(seed: int, fake: bool = False, side: int = 48) -> bytes:
    """The same as the bytes of a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(crop(seed, fake, side)).save(buffer, "PNG")
    return buffer.getvalue()


def write_crops(
    folder: Path, numbers: list[int] | range = range(0, 40, 10), *, fake: bool = False, side: int = 48
) -> Path:
    """Write ``<number>.png`` for each number into a folder, as DeepfakeBench and others name them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{number:03d}.png").write_bytes(png(seed_of(folder) + number, fake, side))
    return folder


def write_tar(path: Path, files: Mapping[str, bytes], *extra: tarfile.TarInfo, mode: str = "w:gz") -> Path:
    """Write a tarball of files, and of further members as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in extra:
            archive.addfile(member)
    return path


def state(root: Path) -> dict[str, tuple[int, bytes]]:
    """Modification time and bytes of everything below a folder: equal before and after if nothing was written."""
    return {
        path.relative_to(root).as_posix(): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(root.rglob("*"))
    }


def seed_of(folder: Path) -> int:
    """The seed of a folder's crop number 0, further ones follow; folders of one name in two methods differ."""
    return zlib.crc32("/".join(folder.parts[-5:]).encode())
