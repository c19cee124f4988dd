"""Files that are whole or not there at all: what fails is named, and what was there stays."""

import os
import subprocess
import sys

import pytest

from preprocessing.errors import FacefakeError
from preprocessing.files import copy_atomic, open_atomic, open_named, write_atomic

LIMIT = 20_000
FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")


def limited():
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_a_file_that_outgrows_the_disk_is_named_and_the_old_one_stays(tmp_path):
    path = tmp_path / "out"
    path.write_text("old")
    code = f"""
from pathlib import Path
from preprocessing.errors import FacefakeError
from preprocessing.files import write_pieces
try:
    write_pieces(Path({str(path)!r}), [bytes(1000)] * 50)
except FacefakeError as error:
    print(error.code, error.message)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, preexec_fn=limited)
    assert done.stdout == f"not_writable Cannot write {path} (File too large).\n"
    assert done.stderr == ""
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"]


@FULL
@pytest.mark.parametrize("size", [6, 1 << 20])
def test_a_full_device_is_an_error_also_where_it_is_only_noticed_at_the_end(size):
    with (
        pytest.raises(FacefakeError, match=r"Cannot write the tape \(No space left on device\)"),
        open_named("/dev/full", "the tape") as file,
    ):
        file.write(bytes(size))


def test_an_error_of_the_block_is_not_taken_for_one_of_writing(tmp_path):
    with pytest.raises(OSError, match="elsewhere") as caught, open_atomic(tmp_path / "out"):
        raise OSError(28, "elsewhere")
    assert not isinstance(caught.value, FacefakeError)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_says_which_of_the_two_files_failed(tmp_path):
    with pytest.raises(FacefakeError) as error:
        copy_atomic(tmp_path, tmp_path / "copy")
    assert error.value.code == "unreadable"
    (tmp_path / "file").write_text("")
    with pytest.raises(FacefakeError) as error:
        copy_atomic(tmp_path / "file", tmp_path / "file" / "copy")
    assert error.value.code == "not_writable"


def test_folders_on_the_way_are_made_and_nothing_is_left(tmp_path):
    write_atomic(tmp_path / "a" / "b", b"data")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
