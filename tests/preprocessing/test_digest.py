import hashlib
import os

from preprocessing.digest import sha256_file


def test_it_is_the_sha256_of_the_bytes_there_now(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"one")
    assert sha256_file(path) == hashlib.sha256(b"one").hexdigest()
    (tmp_path / "new").write_bytes(b"two")
    os.replace(tmp_path / "new", path)
    assert sha256_file(path) == hashlib.sha256(b"two").hexdigest()


def test_what_is_gone_or_no_file_has_none(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"one")
    assert sha256_file(path)
    path.unlink()
    assert sha256_file(path) is None
    assert sha256_file(tmp_path) is None
