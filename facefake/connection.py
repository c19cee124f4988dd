"""The way to the Hugging Face hub: whether anything can be fetched at all, found out in no time; what fails on it."""

from __future__ import annotations

import socket
import urllib.request
from typing import Final
from urllib.parse import urlsplit

from huggingface_hub import constants as hub
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

# those of the HTTP library below it changed between versions, and are the ancestors of its own; ValueError: of names
HUB_ERRORS: Final = (*HfHubHTTPError.__bases__, OSError, EntryNotFoundError, ValueError)
"""What the hub's client raises."""


def why_offline(url: str | None = None) -> str | None:
    """Why nothing can be fetched from an address, by default the Hugging Face hub's; ``None`` if it may be tried.

    A name that does not resolve is told at once, rather than after a client's minute of retries. ``HF_HUB_OFFLINE``
    holds for every address.
    """
    if hub.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    if urllib.request.getproxies():
        return None  # the proxy resolves names
    parts = urlsplit(url or hub.ENDPOINT)
    try:
        socket.getaddrinfo(parts.hostname, parts.port or 443)
    except OSError:
        return f"no connection to {parts.hostname}"
    return None
