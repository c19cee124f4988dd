"""Readers of released data sets: one small file each, all yielding :class:`preprocessing.clip.Clip`.

Every module of this package with a ``READER`` is one; there is no list to add it to.
"""

from __future__ import annotations

import difflib
import pkgutil
from importlib import import_module

from preprocessing.datasets.base import Found, Official, Reader, select
from preprocessing.errors import FacefakeError


def discover() -> dict[str, Reader]:
    """The readers of this package's modules by name, sorted; a module without a ``READER`` is none."""
    modules = (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    readers = [module.READER for module in modules if hasattr(module, "READER")]
    return {reader.name: reader for reader in sorted(readers, key=lambda reader: reader.name)}


READERS: dict[str, Reader] = discover()


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


__all__ = ["READERS", "Found", "Official", "Reader", "get_reader", "select"]
