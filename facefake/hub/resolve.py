"""From what a user calls a detector to the file it is in: a path, a published name, a repository, or nothing at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from facefake.registry.entries import DEFAULT, find
from facefake.registry.entry import Entry

Say: TypeAlias = Callable[[str], None]
"""What is told, a sentence at a time, while something takes long."""


def silent(sentence: str) -> None:
    """A :data:`Say` that tells nobody."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A detector file, and how it was come by.

    Attributes:
        path: The file. One that was given as a path may not exist.
        entry: What is known of it, if it was asked for by a published name.
        chosen_by_default: Whether none was asked for.
    """

    path: Path
    entry: Entry | None
    chosen_by_default: bool


def detector_file(given: str | os.PathLike[str] | None, *, say: Say = silent) -> Resolved:
    """The detector file a user means.

    Args:
        given: A path; a name of :data:`facefake.registry.entries.ENTRIES`; ``None``: the default one.
        say: Told what is done while something is fetched or made.

    Raises:
        FacefakeError: ``detector_unknown``.
    """
    if given is not None and is_path(given):
        return Resolved(Path(given), None, False)
    entry = find(DEFAULT if given is None else str(given))
    raise NotImplementedError(entry.name)


def is_path(given: str | os.PathLike[str]) -> bool:
    """Whether it is meant as a path: a file of that name is here, or it has a suffix or a separator.

    Example:
        >>> is_path("detector.safetensors"), is_path("runs/detector"), is_path("gend-clip-l14")
        (True, True, False)
    """
    path = Path(given)
    return path.is_file() or bool(path.suffix) or len(path.parts) != 1
