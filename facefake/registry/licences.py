"""Who uses weights whose licence restricts what they may be used for has read so once: remembered on this machine.

What is remembered is the licence by name and address: where the authors change it, the question comes again.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

from facefake.registry.entry import Entry
from preprocessing.errors import FacefakeError
from preprocessing.files import write_atomic


def restricted(entry: Entry) -> bool:
    """Whether the licence of the weights says that they are not for commercial use."""
    return entry.weights.commercial is False


def accepted(entry: Entry, folder: Path) -> bool:
    """Whether nothing stands in the way of using the weights: no restriction, or one that was acknowledged.

    Args:
        entry: The published detector.
        folder: facefake's own on this machine, where acknowledgements are kept.
    """
    if not restricted(entry):
        return True
    try:
        noted = json.loads(_file(entry, folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(noted, dict) and noted.items() >= _terms(entry).items()


def accept(entry: Entry, folder: Path) -> Path:
    """Remember that the licence of the weights was acknowledged.

    Returns:
        The file that says so.

    Raises:
        FacefakeError: ``not_writable``.
    """
    path = _file(entry, folder)
    noted = {**_terms(entry), "acknowledged": datetime.now(timezone.utc).isoformat(timespec="seconds")}
    try:
        write_atomic(path, (json.dumps(noted, indent=2) + "\n").encode())
    except FacefakeError as error:
        hint = "Set FACEFAKE_CACHE to a folder that can be written."
        raise FacefakeError(error.code, error.message, hint) from error
    return path


def require(entry: Entry, folder: Path) -> None:
    """Stop where the licence of the weights restricts their use and nobody acknowledged that.

    Raises:
        FacefakeError: ``licence_not_accepted``.
    """
    if not accepted(entry, folder):
        raise FacefakeError(
            "licence_not_accepted",
            f"the weights of {entry.name} are under {entry.weights.name}, which does not allow commercial use "
            f"({entry.weights.url})",
            f"If that is no hindrance: facefake detectors accept {entry.name}",
        )


def _terms(entry: Entry) -> dict[str, str]:
    return {"detector": entry.name, "licence": entry.weights.name, "url": entry.weights.url}


def _file(entry: Entry, folder: Path) -> Path:
    return folder / "licences" / f"{entry.name}.json"
