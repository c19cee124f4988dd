"""Published files onto this machine: by pinned revision, checked against the digest that is known. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import huggingface_hub
from huggingface_hub import constants as hub
from huggingface_hub.errors import GatedRepoError

from facefake.connection import HUB_ERRORS, why_offline
from facefake.hub.cache import sources_dir
from facefake.hub.download import download
from facefake.hub.say import Say, silent
from facefake.hub.words import in_words, to_bring, where
from facefake.registry.entry import Entry, Hub, Link, Manual
from preprocessing.digest import sha256_file
from preprocessing.errors import FacefakeError, first_line
from preprocessing.files import FULL, not_writable


@dataclass(frozen=True, slots=True)
class Fetched:
    """A published file on this machine.

    Attributes:
        path: Where it lies.
        source: The address it is from.
        revision: The commit it is of; ``None`` of a plain address.
        sha256: Of its bytes.
    """

    path: Path
    source: str
    revision: str | None
    sha256: str


def fetch_source(entry: Entry, *, say: Say = silent) -> Fetched:
    """The first of an entry's sources, fetched if it is not on this machine, its bytes checked either way.

    Args:
        entry: The published detector. Of a repository without a known commit, ``main`` is fetched.
        say: Told what is being fetched.

    Raises:
        FacefakeError: ``download_failed``, naming the file to bring and how to use it; ``digest_mismatch``.
    """
    source = entry.sources[0]
    if isinstance(source, Manual):
        raise FacefakeError(
            "download_failed",
            f"{entry.name} can only be fetched by hand: {where(source)}",
            f"Then: facefake detectors import FILE --as {entry.name}",
        )
    if isinstance(source, Link):
        return _from_link(entry, source, say)
    revision = source.revision or "main"
    path = hub_file(source.repository, source.file, revision, size=source.size, bring=to_bring(entry), say=say)
    found = _checked(path, source.sha256)
    return Fetched(path, _page(source), commit_of(path, source.file), found)


def brought(entry: Entry, file: Path) -> Fetched:
    """A published file that somebody brought. Where it is from is told by its digest, if that is one of the entry's.

    Args:
        entry: The published detector.
        file: Any of its sources, under any name.

    Raises:
        FacefakeError: ``not_found``, ``not_a_file``.
    """
    digest = sha256_file(file)
    if digest is None:
        code, is_what = (
            ("not_a_file", "is no file that can be read") if file.exists() else ("not_found", "is not there")
        )
        raise FacefakeError(code, f"{file} {is_what}", "Name the published file.")
    for source in entry.sources:
        if isinstance(source, Hub) and source.sha256 == digest:
            return Fetched(file, _page(source), source.revision, digest)
        if isinstance(source, Link) and source.sha256 == digest:
            return Fetched(file, source.url, None, digest)
    return Fetched(file, file.name, None, digest)


def known_digests(entry: Entry) -> set[str]:
    """Of the files it is published as, those that are known."""
    return {source.sha256 for source in entry.sources if isinstance(source, Hub | Link) and source.sha256}


def hub_file(
    repository: str, file: str, revision: str, *, size: int | None = None, bring: str, say: Say = silent
) -> Path:
    """A file of the Hugging Face hub, from its client's cache if it is there, without asking the network.

    Args:
        repository: ``org/name``.
        file: Path within it.
        revision: A commit, a tag or a branch.
        size: Bytes, to be told.
        bring: What to do without a network.
        say: Told what is being fetched.

    Raises:
        FacefakeError: ``download_failed``; ``not_writable`` where the disk of the cache is full.
    """
    what = f"{file} of {repository}"
    cached = huggingface_hub.try_to_load_from_cache(repository, file, revision=revision)
    if isinstance(cached, str):
        return Path(cached)
    reason = why_offline()
    if reason is None:
        say(f"fetching {what} ({in_words(size)})" if size else f"fetching {what}")
        try:
            return Path(huggingface_hub.hf_hub_download(repository, file, revision=revision))
        except GatedRepoError as error:
            raise FacefakeError(
                "download_failed",
                f"{repository} is only for those who agreed to its terms",
                f"Agree at {hub.ENDPOINT}/{repository}, make a token there, and run `hf auth login`.",
            ) from error
        except HUB_ERRORS as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise not_writable(error.filename or hub.HF_HUB_CACHE, error) from error
            reason = first_line(error)
    raise FacefakeError("download_failed", f"{what} is not on this machine and could not be fetched ({reason})", bring)


def commit_of(path: Path, file: str) -> str:
    """The commit of a file in the hub's cache, where it lies at ``snapshots/<commit>/<file>``."""
    return path.parents[len(PurePosixPath(file).parts) - 1].name


def _page(source: Hub) -> str:
    # not the mirror that this machine may use
    return f"https://huggingface.co/{source.repository}"


def _from_link(entry: Entry, source: Link, say: Say) -> Fetched:
    path = sources_dir() / source.sha256 / PurePosixPath(source.url).name
    if not path.is_file():
        if reason := why_offline(source.url):
            raise FacefakeError(
                "download_failed",
                f"{path.name} is not on this machine and could not be fetched ({reason})",
                to_bring(entry),
            )
        say(f"fetching {source.url} ({in_words(source.size)})")
        download(source.url, path, source.size, source.sha256)
    return Fetched(path, source.url, None, _checked(path, source.sha256))


def _checked(path: Path, known: str | None) -> str:
    """The digest of a file, which must be the known one."""
    found = sha256_file(path)
    if found is None:
        raise FacefakeError("download_failed", f"{path} cannot be read", "Delete it, and run this again.")
    if known is not None and found != known:
        raise FacefakeError(
            "digest_mismatch",
            f"{path} has the digest {found[:12]}, and what was published has {known[:12]}: it is damaged, or another",
            f"Delete {path.resolve()} and run this again.",
        )
    return found
