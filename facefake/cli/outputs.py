"""Several outputs of a command: they may not replace what is read or one another, and do not fail together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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


def is_closed_pipe(error: FacefakeError) -> bool:
    """Whether the reader of a pipe has closed it, as ``head`` does: nothing to tell."""
    return isinstance(error.__cause__, BrokenPipeError)


class Failures:
    """Outputs that could not be written, which are told when the others are."""

    def __init__(self) -> None:
        self._errors: list[FacefakeError] = []

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Go on after the block though it could not write; other errors are raised."""
        try:
            yield
        except FacefakeError as error:
            if error.code != "not_writable":
                raise
            self._errors.append(error)

    def error(self) -> FacefakeError | None:
        """One error that names every output that failed, ``None`` if none did."""
        # that a reader closed its pipe is nothing to tell next to a full disk
        errors = [each for each in self._errors if not is_closed_pipe(each)] or self._errors
        if len(errors) < 2:
            return errors[0] if errors else None
        return FacefakeError("not_writable", " ".join(each.message for each in errors), errors[0].hint)


def write_each(writers: Iterable[Callable[[], None]]) -> None:
    """Write several outputs, also after one that failed.

    Raises:
        FacefakeError: ``not_writable``, once the others are written.
    """
    failures = Failures()
    for write in writers:
        with failures.kept():
            write()
    if error := failures.error():
        raise error
