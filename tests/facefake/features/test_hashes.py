from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from facefake.features.hashes import Hashes, digest_of
from preprocessing.errors import FacefakeError


class Reading:
    """Reads files, and knows which."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, path: Path, member: str | None) -> bytes:
        self.read.append(path.name)
        return digest_of(path, member)


@pytest.fixture
def files(tmp_path: Path) -> list[tuple[Path, None]]:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for path in paths:
        path.write_bytes(path.name.encode() * 1000)
    return [(path, None) for path in paths]


def test_a_file_is_read_once_also_by_later_runs(tmp_path, files):
    expected = [hashlib.sha256(path.read_bytes()).digest() for path, _ in files]
    reading = Reading()
    for _ in range(2):
        hashes = Hashes(tmp_path / "features")
        assert list(hashes.of(files, reading)) == expected
        assert list(hashes.of(files[::-1], reading)) == expected[::-1]
    assert sorted(reading.read) == ["a", "b", "c"]


def test_a_changed_file_is_read_again_though_its_size_and_time_are_as_before(tmp_path, files):
    hashes, reading = Hashes(tmp_path / "features"), Reading()
    before = list(hashes.of(files, reading))
    path, _ = files[1]
    stat = path.stat()
    path.write_bytes(b"x" * stat.st_size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    after = list(hashes.of(files, reading))
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True]
    assert reading.read[3:] == ["b"]


def test_a_file_that_cannot_be_read_is_an_error_in_its_place(tmp_path, files):
    (tmp_path / "b").unlink()
    for _ in range(2):
        found = list(Hashes(tmp_path / "features").of(files, Reading()))
        assert [isinstance(each, FacefakeError) for each in found] == [False, True, False]


def test_members_of_one_file_are_told_apart(tmp_path, files):
    def read(path: Path, member: str | None) -> bytes:
        return hashlib.sha256(str(member).encode()).digest()

    (path, _), *_ = files
    one, other = Hashes(tmp_path / "features").of([(path, "0"), (path, "1")], read)
    assert one != other


def test_a_damaged_list_is_refused(tmp_path, files):
    list(Hashes(tmp_path / "features").of(files, Reading()))
    path = tmp_path / "features" / "hashes"
    data = bytearray(path.read_bytes())
    data[70] ^= 1
    path.write_bytes(data)
    with pytest.raises(FacefakeError) as raised:
        Hashes(tmp_path / "features")
    assert raised.value.code == "store_damaged"
    assert str(path) in raised.value.hint


def test_a_file_replaced_at_once_with_its_size_and_times_kept_is_read_again(tmp_path, files):
    path, _ = files[0]
    for content in (b"1" * 1000, b"2" * 1000, b"3" * 1000):
        path.write_bytes(content)
        os.utime(path, ns=(10**18, 10**18))
        assert list(Hashes(tmp_path / "features").of(files[:1])) == [hashlib.sha256(content).digest()]
