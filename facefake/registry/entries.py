"""The published detectors that are known, by name."""

from __future__ import annotations

import difflib

from facefake.registry.entry import Entry
from facefake.registry.faces import EFFORT_FFPP, GEND_CLIP, GEND_DINO, GEND_PE, LN_CLIP
from facefake.registry.pictures import (
    CLIPPING_ADAPTER,
    CLIPPING_FULL,
    CLIPPING_LINEAR,
    CLIPPING_PROMPT,
    EFFORT_CHAMELEON,
    EFFORT_GENIMAGE,
    UFD,
)
from preprocessing.errors import FacefakeError

DEFAULT = "gend-clip-l14"
"""What a file is scored with where no detector is named."""

_FACES = (GEND_CLIP, GEND_PE, GEND_DINO, LN_CLIP, EFFORT_FFPP)
_PICTURES = (
    *(UFD, CLIPPING_FULL, CLIPPING_PROMPT, CLIPPING_ADAPTER, CLIPPING_LINEAR),
    *(EFFORT_GENIMAGE, EFFORT_CHAMELEON),
)

ENTRIES: dict[str, Entry] = {entry.name: entry for entry in (*_FACES, *_PICTURES)}
"""All of them by name, in the order to list them in."""

NOT_RUN: tuple[tuple[str, str, str], ...] = (
    (
        "ForensicsAdapter",
        "its released forward pass makes layers of random weights anew in every call, so its file does not hold what "
        "was evaluated",
        "https://github.com/OUC-VAS/ForensicsAdapter/tree/a4cc94fa4255d2baa85cb26989fb884b098010e3",
    ),
)
"""Published, and not runnable here: name, why, where."""


def find(name: str) -> Entry:
    """The published detector of that name.

    Raises:
        FacefakeError: ``detector_unknown``, with the nearest name.

    Example:
        >>> find("gend-clip-l14").detects
        'face'
    """
    if name in ENTRIES:
        return ENTRIES[name]
    near = difflib.get_close_matches(name, ENTRIES, n=1)
    raise FacefakeError(
        "detector_unknown",
        f"no published detector is called {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""),
        "`facefake detectors` lists them.",
    )
