"""A file from a plain https address: whole, of the size and digest that are known, or not at all."""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path

from preprocessing.digest import sha256_file
from preprocessing.errors import FacefakeError
from preprocessing.files import open_named, writing

_PIECE = 1 << 20
_SECONDS = 30.0  # of silence after which a server is given up


def download(url: str, target: Path, size: int, sha256: str) -> None:
    """Fetch a file into place in one step; what an earlier attempt left is gone on with.

    Args:
        url: Where.
        target: What to call it; its folder is made.
        size: Its bytes: no more are taken.
        sha256: Its digest.

    Raises:
        FacefakeError: ``download_failed``, ``not_writable``; ``digest_mismatch``, and then nothing is kept.
    """
    part = target.with_name(f"{target.name}.part")
    with writing(part):
        part.parent.mkdir(parents=True, exist_ok=True)
    try:
        _fetch(url, part, size)
    except (OSError, http.client.HTTPException) as error:  # HTTPError and URLError are OSErrors
        raise FacefakeError(
            "download_failed", f"{url} could not be fetched ({_reason(error)})", "Try again: it goes on where it ended."
        ) from error
    found = sha256_file(part)
    if found != sha256:
        part.unlink()
        raise FacefakeError(
            "digest_mismatch",
            f"what came from {url} has the digest {str(found)[:12]}, not {sha256[:12]}; it was not kept",
            "Try again; if it happens again, the file there is another than the one that is known.",
        )
    with writing(target):
        os.replace(part, target)


def _fetch(url: str, part: Path, size: int) -> None:
    start = part.stat().st_size if part.exists() else 0
    if start >= size:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        resumed = answer.status == 206
        left = size - (start if resumed else 0)
        with open_named(part, part, append=resumed) as file:
            while left and (piece := answer.read(min(_PIECE, left))):
                file.write(piece)
                left -= len(piece)
    if left:
        raise OSError(f"{left} of {size} bytes did not come")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    return str(getattr(error, "reason", None) or error)
