"""Readers of released data sets: one small file each, all yielding :class:`preprocessing.clip.Clip`."""

from __future__ import annotations

import difflib

from preprocessing.datasets import celebdf, ffpp, folder
from preprocessing.datasets.base import Reader, media_files, select
from preprocessing.errors import FacefakeError

READERS: dict[str, Reader] = {module.READER.name: module.READER for module in (ffpp, celebdf, folder)}


def get_reader(name: str) -> Reader:
    """The reader called ``name``.

    Raises:
        FacefakeError: ``dataset_unknown``, naming the nearest known.

    Example:
        >>> get_reader("ffpp").name
        'ffpp'
    """
    if name not in READERS:
        near = difflib.get_close_matches(name, READERS, n=1)
        raise FacefakeError(
            "dataset_unknown",
            f"No data set is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else "."),
            f"Known: {', '.join(READERS)}.",
        )
    return READERS[name]


__all__ = ["READERS", "Reader", "get_reader", "media_files", "select"]
