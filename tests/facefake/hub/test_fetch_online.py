"""Published files over the wire, from a server on this machine that speaks as the Hugging Face hub does."""

import hashlib
import threading
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from facefake.hub.fetch import fetch_source
from facefake.models import BackboneSpec, load_backbone
from facefake.registry.entries import ENTRIES
from facefake.registry.entry import Hub
from preprocessing.errors import FacefakeError
from tests.facefake.hub.hubs import COMMIT

DATA = bytes(range(256)) * 5000
DIGEST = hashlib.sha256(DATA).hexdigest()
SOURCE = Hub("org/good", "model.safetensors", COMMIT, DIGEST, len(DATA))
REFUSALS = {"gated": (403, "GatedRepo"), "gone": (404, "RepoNotFound"), "moved": (404, "RevisionNotFound")}


class Handler(BaseHTTPRequestHandler):
    def _head(self):
        repository = self.path.split("/")[2] if "/resolve/" in self.path else "gone"
        if repository in REFUSALS:
            status, code = REFUSALS[repository]
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{DIGEST}"')
        self.send_header("Content-Length", str(len(DATA) - start))
        self.end_headers()
        return start

    def do_HEAD(self):
        self._head()

    def do_GET(self):
        start = self._head()
        if start is None:
            return
        self.server.starts.append(start)
        if "silent" not in self.path:
            self.wfile.write(DATA[start : start + 70000] if "cut" in self.path and not start else DATA[start:])

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.starts = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def online(server, tmp_path, monkeypatch):
    """An empty cache, and that server for the hub; what it was asked for."""
    address = f"http://127.0.0.1:{server.server_port}"
    server.starts.clear()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
    )
    return SimpleNamespace(starts=server.starts, cache=tmp_path / "hf")


def of(**facts):
    return replace(ENTRIES["gend-clip-l14"], sources=(replace(SOURCE, **facts),))


def test_a_file_is_fetched_once_and_its_size_told(online):
    said = []
    first = fetch_source(of(), say=said.append)
    assert first.path.read_bytes() == DATA
    assert (first.sha256, first.revision) == (DIGEST, COMMIT)
    assert said == ["fetching model.safetensors of org/good (1.3 MB)"]
    assert fetch_source(of(), say=said.append) == first
    assert (len(said), online.starts) == (1, [0])


def test_main_is_fetched_where_no_commit_is_known_and_its_commit_recorded(online):
    fetched = fetch_source(of(revision=None, sha256=None))
    assert (fetched.revision, fetched.sha256) == (COMMIT, DIGEST)


def test_a_download_that_breaks_goes_on_where_it_ended(online, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10000)
    with suppress(FacefakeError):  # some clients go on by themselves, others when they are called again
        fetch_source(of(repository="org/cut"))
    assert fetch_source(of(repository="org/cut")).path.read_bytes() == DATA
    assert online.starts == [0, 70000]


def test_other_bytes_than_the_known_ones_are_refused_after_a_download_too(online):
    with pytest.raises(FacefakeError) as error:
        fetch_source(of(sha256="0" * 64))
    assert error.value.code == "digest_mismatch"


@pytest.mark.parametrize(
    ("repository", "words"),
    [("org/gated", "agreed to its terms"), ("org/gone", "could not be fetched"), ("org/moved", "could not be fetched")],
)
def test_a_hub_that_refuses_is_an_error_in_words(online, repository, words):
    with pytest.raises(FacefakeError, match=words) as error:
        fetch_source(of(repository=repository))
    assert error.value.code == "download_failed"
    assert repository in error.value.message


def test_a_base_that_does_not_come_is_an_error_in_words(online, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)  # between attempts
    with pytest.raises(FacefakeError, match="could not be fetched") as error:
        load_backbone(BackboneSpec("tiny-vit", "hf-hub:org/silent"))
    assert error.value.code == "weights_not_found"
