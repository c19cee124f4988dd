"""Published files from the hub's cache, with and without a network that could be asked."""

import hashlib
from dataclasses import replace

import pytest

from facefake.hub.fetch import brought, fetch_source
from facefake.registry.entry import Link, Manual
from preprocessing.errors import FacefakeError
from tests.facefake.hub.conftest import FILE, REPOSITORY
from tests.facefake.hub.hubs import COMMIT, no_network, place

pytestmark = pytest.mark.filterwarnings("error::ResourceWarning")


def of(hosted, **facts):
    """The hosted entry with other facts of its source."""
    return replace(hosted.entry, sources=(replace(hosted.entry.sources[0], **facts),))


def test_a_file_in_the_cache_is_taken_without_asking_the_network(hosted, offline):
    fetched = fetch_source(hosted.entry)
    assert fetched.path == hosted.file
    assert (fetched.source, fetched.revision) == (f"https://huggingface.co/{REPOSITORY}", COMMIT)
    assert fetched.sha256 == hashlib.sha256(hosted.file.read_bytes()).hexdigest()


def test_without_a_known_commit_main_is_taken_and_its_commit_told(hosted, offline):
    assert fetch_source(of(hosted, revision=None, sha256=None)).revision == COMMIT


def test_a_file_in_a_folder_of_its_repository_has_the_commit_of_the_repository(hosted, offline):
    place(hosted.cache, REPOSITORY, "weights/best/model.bin", b"nested", commit="f" * 40)
    assert fetch_source(of(hosted, file="weights/best/model.bin", revision=None, sha256=None)).revision == "f" * 40


def test_another_commit_than_the_one_in_the_cache_is_not_it(hosted):
    with no_network(), pytest.raises(FacefakeError, match="no connection to") as error:
        fetch_source(of(hosted, revision="a" * 40))
    assert error.value.code == "download_failed"


def test_other_bytes_are_refused_and_the_file_to_delete_is_the_one_that_holds_them(hosted, offline):
    blob = hosted.file.resolve()
    blob.write_bytes(b"something else")
    with pytest.raises(FacefakeError) as error:
        fetch_source(hosted.entry)
    assert error.value.code == "digest_mismatch"
    assert str(blob) in error.value.hint
    assert "blobs" in error.value.hint


def test_without_a_network_the_error_names_file_and_place_and_what_to_do_with_it(hosted):
    hosted.file.unlink()
    with no_network() as asked, pytest.raises(FacefakeError) as error:
        fetch_source(hosted.entry)
    assert len(asked) == 1  # one name that does not resolve, and no retries
    assert error.value.code == "download_failed"
    for words in (FILE, f"https://huggingface.co/{REPOSITORY}/tree/{COMMIT}", "detectors import FILE", "fetch", "--to"):
        assert words in error.value.hint


def test_offline_by_choice_nothing_is_asked(hosted, offline, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    hosted.file.unlink()
    with pytest.raises(FacefakeError, match="HF_HUB_OFFLINE is set"):
        fetch_source(hosted.entry)


def test_what_only_a_person_can_fetch_is_said_with_page_file_and_command(hosted, offline):
    manual = replace(hosted.entry, sources=(Manual("https://example.org/drive", "weights.zip"),))
    with pytest.raises(FacefakeError, match=r"weights\.zip from https://example\.org/drive") as error:
        fetch_source(manual)
    assert f"detectors import FILE --as {hosted.entry.name}" in error.value.hint


def test_a_link_that_was_fetched_before_is_not_fetched_again(hosted, offline, tmp_path):
    digest = hashlib.sha256(b"head").hexdigest()
    entry = replace(hosted.entry, sources=(Link("https://example.org/at/1a2b/fc.pth", digest, 4),))
    with no_network(), pytest.raises(FacefakeError, match=r"fc\.pth .*no connection to example\.org"):
        fetch_source(entry)
    kept = tmp_path / "facefake" / "sources" / digest / "fc.pth"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"head")
    fetched = fetch_source(entry)
    assert (fetched.path, fetched.revision, fetched.source) == (kept, None, "https://example.org/at/1a2b/fc.pth")
    kept.write_bytes(b"tail")
    with pytest.raises(FacefakeError, match="has the digest"):
        fetch_source(entry)


def test_a_file_that_was_brought_is_known_by_its_bytes_under_any_name(hosted, offline, tmp_path):
    mine = tmp_path / "download (1).bin"
    mine.write_bytes(hosted.file.read_bytes())
    known = brought(hosted.entry, mine)
    assert (known.path, known.source, known.revision) == (mine, f"https://huggingface.co/{REPOSITORY}", COMMIT)
    mine.write_bytes(b"something else")
    unknown = brought(hosted.entry, mine)
    assert (unknown.source, unknown.revision) == (mine.name, None)
    for path, code in ((tmp_path, "not_a_file"), (tmp_path / "none", "not_found")):
        with pytest.raises(FacefakeError) as error:
            brought(hosted.entry, path)
        assert error.value.code == code
