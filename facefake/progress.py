"""Progress on stderr, for people: a bar where there is a terminal, silence where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeAlias

from preprocessing.text import visible

Progress: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[str], None]]]
"""Given a title and a number of steps, a block in which each step that ends is told by a word."""


def silent(title: str, total: int) -> AbstractContextManager[Callable[[str], None]]:
    """A :data:`Progress` that shows nothing."""
    return nullcontext(lambda word: None)


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[str], None]]:
    """A :data:`Progress` that shows a bar."""
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[word]}", markup=False),
    )
    with progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=total, word="")
        yield lambda word: bar.update(task, advance=1, word=visible(word))
