"""What it takes to repeat a report: the command, the detector, the settings, the versions, the input files."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from preprocessing.digest import sha256_file

# what decides about pixels, scores and figures
PACKAGES = (
    *("torch", "torchvision", "open_clip_torch", "facenet-pytorch", "av", "decord", "opencv-python"),
    *("numpy", "scipy", "scikit-learn"),
)


def provenance(command: Sequence[str], head: Mapping[str, Any], inputs: Sequence[Path] = ()) -> dict[str, Any]:
    """The ``provenance`` of a report.

    Args:
        command: The command line, as ``sys.argv``.
        head: ``tool``, ``detector`` and ``settings`` of the scores.
        inputs: Files the figures were computed from.

    Returns:
        ``command``, ``tool``, ``detector``, ``settings``, ``versions`` and ``inputs``, each ``{"path", "sha256"}``.
    """
    return {
        # where the program is installed is nobody's business
        "command": [Path(command[0]).name, *command[1:]] if command else [],
        **{name: head.get(name) for name in ("tool", "detector", "settings")},
        "versions": versions(),
        "inputs": [{"path": str(path), "sha256": sha256_file(path)} for path in inputs],
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide about figures, of those that are installed.

    Example:
        >>> "numpy" in versions()
        True
    """
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
