"""Files from plain addresses, against a server on this machine that can be as bad as real ones."""

import hashlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from facefake.hub.download import download
from preprocessing.errors import FacefakeError

DATA = bytes(range(256)) * 5000
DIGEST = hashlib.sha256(DATA).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if self.path == "/gone":
            self.send_error(404)
            return
        start = int(asked[6:-1]) if asked and self.path != "/plain" else 0
        body = {"/endless": DATA * 3, "/other": DATA[::-1]}.get(self.path, DATA)[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:1000] if self.path == "/cut" else body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.ranges = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", ranges=server.ranges)
    server.shutdown()
    server.server_close()


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole(server, tmp_path):
    download(f"{server.url}/file", tmp_path / "new" / "file", len(DATA), DIGEST)
    assert (tmp_path / "new" / "file").read_bytes() == DATA
    assert left(tmp_path / "new") == ["file"]


@pytest.mark.parametrize("path", ["/file", "/plain"], ids=["server sends the rest", "server starts over"])
def test_what_an_earlier_attempt_left_is_gone_on_with(server, tmp_path, path):
    (tmp_path / "file.part").write_bytes(DATA[:77777])
    download(server.url + path, tmp_path / "file", len(DATA), DIGEST)
    assert server.ranges[-1] == "bytes=77777-"
    assert (tmp_path / "file").read_bytes() == DATA


def test_a_connection_that_ends_early_leaves_what_came_and_no_file(server, tmp_path):
    with pytest.raises(FacefakeError, match="did not come") as error:
        download(f"{server.url}/cut", tmp_path / "file", len(DATA), DIGEST)
    assert error.value.code == "download_failed"
    assert left(tmp_path) == ["file.part"]
    assert (tmp_path / "file.part").read_bytes() == DATA[:1000]
    download(f"{server.url}/file", tmp_path / "file", len(DATA), DIGEST)
    assert (tmp_path / "file").read_bytes() == DATA


@pytest.mark.parametrize("path", ["/other", "/endless"])
def test_other_bytes_are_not_kept(server, tmp_path, path):
    wanted = DIGEST if path == "/other" else "0" * 64
    with pytest.raises(FacefakeError) as error:
        download(server.url + path, tmp_path / "file", len(DATA), wanted)
    assert error.value.code == "digest_mismatch"
    assert left(tmp_path) == []


def test_no_more_is_taken_than_the_file_is_long(server, tmp_path):
    download(f"{server.url}/endless", tmp_path / "file", len(DATA), DIGEST)
    assert (tmp_path / "file").stat().st_size == len(DATA)


def test_a_server_that_refuses_is_said(server, tmp_path):
    with pytest.raises(FacefakeError, match="answered 404"):
        download(f"{server.url}/gone", tmp_path / "file", 1, DIGEST)
    assert left(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_no_fault_of_the_server(server, tmp_path):
    (tmp_path / "file.part").symlink_to("/dev/full")
    with pytest.raises(FacefakeError, match=r"file.part \(No space left on device\)") as error:
        download(f"{server.url}/file", tmp_path / "file", len(DATA), DIGEST)
    assert error.value.code == "not_writable"
