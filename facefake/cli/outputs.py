"""Outputs that would take the place of what is read, or of one another: refused before any work."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from preprocessing.errors import FacefakeError


def keep_apart(outputs: Iterable[str | Path | None], inputs: Iterable[str | Path | None] = ()) -> None:
    """Refuse two outputs that are one file, and an output that is an input, whose content would be gone.

    Raises:
        FacefakeError: ``usage``.
    """
    taken = {os.path.realpath(each): "is one of the files to read" for each in inputs if each}
    for each in outputs:
        if not each or str(each) == "-":
            continue
        place = os.path.realpath(each)
        if place in taken:
            raise FacefakeError("usage", f"{each} {taken[place]}.", "Write to another file.")
        if os.path.isfile(place) or not os.path.exists(place):  # a device takes any number
            taken[place] = "is named for two outputs"


def keep_out(root: Path, *targets: str | Path | None) -> None:
    """Refuse an output inside a data set, which might replace a list of the release or be taken for a clip.

    Raises:
        FacefakeError: ``usage``.
    """
    for target in targets:
        if target and str(target) != "-" and Path(target).resolve().is_relative_to(root.resolve()):
            raise FacefakeError(
                "usage", f"{target} lies in the data set's folder {root}, which is only read.", "Write it elsewhere."
            )
