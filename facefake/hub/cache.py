"""Where facefake keeps what it made of published detectors, and what was acknowledged. No torch."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_dir() -> Path:
    """facefake's folder on this machine: ``$FACEFAKE_CACHE``, else ``facefake`` in the user's folder of caches.

    It need not exist. What the Hugging Face hub's client fetches lies in that client's own cache (``$HF_HOME``).
    """
    chosen = os.environ.get("FACEFAKE_CACHE")
    return Path(chosen).expanduser() if chosen else _user_cache() / "facefake"


def kept_file(name: str) -> Path:
    """Where the detector file of a published detector is kept, whether it is there or not."""
    return cache_dir() / "detectors" / f"{name}.safetensors"


def sources_dir() -> Path:
    """Where files from plain https addresses are kept, each in a folder that is called by its digest."""
    return cache_dir() / "sources"


def _user_cache() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
