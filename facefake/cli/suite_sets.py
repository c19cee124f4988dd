"""Data sets that a suite or a study names: where they lie, their clips, and what is said of those that fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from facefake.cli.labelled_sets import to_score
from facefake.cli.options import STORE, Source
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.evaluation.suite import Ladder, SuiteSet
    from facefake.scoring import Examiner
    from preprocessing.datasets import Found

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Material:
    """One data set of a suite, found: where it lies, its clips, and the state of their files."""

    each: SuiteSet
    source: Source
    found: Found
    files: str

    def lacks(self, ladder: Ladder, examiner: Examiner) -> str | None:
        """What this set has instead of what ``ladder`` corrupts, in words; ``None`` if it can be corrupted so."""
        from preprocessing.datasets import get_reader

        reader = get_reader(self.source.name)
        if ladder.at == "crop":
            whole = self.source.recipe(examiner.recipe).whole
            return "pictures are judged whole, and can be corrupted at the frame" if whole else None
        if reader.crops is not None or self.source.name == STORE:
            return "it has only crops"
        return "it has pictures, no videos" if reader.pictures and ladder.corruptions[0].of == "video" else None

    def protocol(self) -> dict[str, Any]:
        """Which clips these are, by version and hash."""
        from preprocessing.datasets import get_reader
        from preprocessing.releases.protocol import Protocol

        return Protocol.of(get_reader(self.source.name), [*self.found.clips, *self.found.absent]).facts()


@dataclass(slots=True)
class Outcome:
    """What a run did not bring: sentences, which are said at once and in the report."""

    not_run: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)  # of the failures

    def leave_out(self, sentence: str) -> None:
        """Say what was not run and why."""
        self.not_run.append(sentence)
        click.echo(sentence, err=True)

    def attempt(self, name: str, work: Callable[[], Result]) -> Result | None:
        """What ``work`` gives, or ``None`` and one more failure: one set never stops the others."""
        try:
            return work()
        except FacefakeError as error:
            self.codes.append(error.code)
            self.failed.append(f"{name} failed [{error.code}]: {error.message}")
            click.echo(f"{self.failed[-1]}\n hint: {error.hint}", err=True)
            return None

    def nothing(self) -> FacefakeError:
        """The error to end with where nothing came of anything: the first failure's, or that no set is there."""
        return FacefakeError(
            self.codes[0] if self.codes else "dataset_not_found",
            "Nothing could be tested.",
            "Why is said above."
            if self.codes
            else "Give the folder that holds the data sets with --data, or set FACEFAKE_DATA.",
        )

    def folder_of(self, each: SuiteSet, data: Path | None) -> Path | None:
        """Where a set lies, or ``None`` and one more that was not run."""
        root, places = find(each, data)
        if root is None:
            self.leave_out(f"{each.dataset} was not run: no folder {' or '.join(map(str, places))}.")
        return root


def find(each: SuiteSet, data: Path | None) -> tuple[Path | None, list[Path]]:
    """The folder of a set, if it is there, and every place that was looked at.

    Unlike ``--data`` of other commands, the folder itself is never taken for the set: it holds several by name.
    """
    if each.data is not None:
        places = [each.data]
    elif data is not None:
        places = [data / each.dataset]
    else:
        places = source_of(each, None).places()
    return next((place for place in places if place.is_dir()), None), places


def material(each: SuiteSet, root: Path) -> Material:
    """The clips of a set that lies at ``root``.

    Raises:
        FacefakeError: What its reader raises, or ``split_empty``.
    """
    from preprocessing.source import fingerprint

    source = source_of(each, root)
    found = to_score(source, each.splits)
    return Material(each, source, found, fingerprint(found.clips))


def source_of(each: SuiteSet, root: Path | None) -> Source:
    """A set as the options of other commands name it."""
    return Source((each.dataset,), root, each.labels, each.methods, each.compressions)
