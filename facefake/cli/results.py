"""What becomes of results: files as they are scored, then the report over those with a label, then the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from facefake.cli import report_error
from facefake.cli.forms import write_page
from facefake.cli.outputs import Failures, is_closed_pipe
from facefake.progress import progress_bar
from preprocessing.errors import FacefakeError
from preprocessing.interrupts import held

if TYPE_CHECKING:
    from facefake.evaluation import Scores
    from facefake.reporting import CsvResults, JsonResults
    from facefake.scoring import ClipResult


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where results go besides the terminal."""

    json: str | None = None
    csv: Path | None = None
    markdown: Path | None = None
    html: Path | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """How scoring ended: the labelled clips, the report over them if there were any, and whether any file failed."""

    scores: Scores
    report: dict[str, Any] | None
    any_error: bool


class _ResultFile:
    """A file that gets each result as it comes, and is given up at the first that cannot be written.

    Args:
        target: Where to.
        make: Its writer on a stream.

    Raises:
        FacefakeError: ``not_writable``, also by :meth:`add` and :meth:`close`.
    """

    def __init__(self, target: str | Path, make: Callable[[TextIO], JsonResults | CsvResults]) -> None:
        from facefake.reporting import open_output

        with ExitStack() as stack:
            file = stack.enter_context(open_output(target))
            self._writer = make(file)
            file.flush()  # a disk that is full is known before the first clip is scored
            self._stack = stack.pop_all()
        self.open = True

    def add(self, result: ClipResult) -> None:
        """Write one result."""
        with self._given_up_on_error():
            self._writer.add(result)

    def close(self, report: Mapping[str, Any] | None, interrupted: str | None) -> None:
        """Write what stands after the results, and put the file into its place."""
        with self._given_up_on_error():
            self._writer.close(report, interrupted)
            self._stack.close()

    def __enter__(self) -> _ResultFile:
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    @contextmanager
    def _given_up_on_error(self) -> Iterator[None]:
        try:
            yield
        except FacefakeError as error:
            self.open = False
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise


def write_results(results: Iterable[ClipResult], total: int, head: dict[str, Any], outputs: Outputs) -> Written:
    """Write each result as it comes, then the report and the terminal's tables.

    An interrupt, or an error that is of no single file, ends the run but keeps what was scored. Outputs that cannot be
    written are an error before the first file is scored; one that cannot any more later is told at the end, and the
    others are written. Only where none is left does the run end.

    Raises:
        FacefakeError: ``not_writable``; what ``results`` raise, once those before are written.
    """
    from facefake.evaluation import Scores
    from facefake.evaluation.notes import notes_on
    from facefake.reporting import CsvResults, JsonResults, check_output, print_report, print_results
    from facefake.reporting.terminal import MAX_ROWS

    kept: list[ClipResult] = []
    labelled = Scores.collector()
    failures = Failures()
    ended: KeyboardInterrupt | FacefakeError | None = None
    pages = [page for page in (outputs.markdown, outputs.html) if page]
    for page in pages:
        check_output(page)
    with ExitStack() as stack, progress_bar("scoring", total) as advance:
        files: list[_ResultFile] = []
        if outputs.json:
            files.append(stack.enter_context(_ResultFile(outputs.json, lambda file: JsonResults(file, head))))
        if outputs.csv:
            files.append(stack.enter_context(_ResultFile(outputs.csv, CsvResults)))
        try:
            for result in results:
                with held():  # or it would be in some of the files
                    for file in files:
                        with failures.kept():
                            file.add(result)
                    labelled.add(result)
                    # only shown results are needed whole again; a million others are not held
                    kept.append(result if len(kept) < MAX_ROWS else replace(result, people=()))
                    advance(Path(result.path).name)
                    files = [file for file in files if file.open]
                if failures.error() and not files and not pages:
                    break
            stack.enter_context(held())  # until the files are in their places
        except (KeyboardInterrupt, FacefakeError) as error:
            if not kept:
                raise
            ended = error
            stack.enter_context(held())
        lost = failures.error()
        if lost and is_closed_pipe(lost) and not files and not pages:
            raise lost  # who reads it has enough
        scores = labelled.done()
        early = ended or (lost and len(kept) < total)
        interrupted = f"The run ended early, with {len(kept)} of {total} files scored." if early else None
        if interrupted:
            scores = replace(scores, notes=(*scores.notes, interrupted))
        report = _report(scores, head)
        for file in files:
            with failures.kept():
                file.close(report, interrupted)
    _write_pages(head, kept, report, outputs, failures)
    print_results(kept, notes=[] if report else notes_on(head))
    if report:
        print_report(report)
    _raise_end(ended, interrupted, failures.error())
    failed = any(result.error is not None and result.error.code != "absent" for result in kept)
    return Written(scores, report, failed)


def _raise_end(
    ended: KeyboardInterrupt | FacefakeError | None, interrupted: str | None, unwritten: FacefakeError | None
) -> None:
    """Raise what ended the run, else that outputs could not be written."""
    if interrupted:
        click.echo(interrupted if unwritten else f"{interrupted} Their results are kept.", err=True)
    if ended and unwritten:
        report_error(unwritten)
    if error := ended or unwritten:
        raise error


def _report(scores: Scores, head: Mapping[str, Any]) -> dict[str, Any] | None:
    """The report over labelled clips, if there are any."""
    from facefake.evaluation import make_report
    from facefake.evaluation.paths import on_one_scale
    from facefake.evaluation.provenance import provenance

    if not len(scores):
        return None
    settings = head["settings"]
    return make_report(
        on_one_scale(scores, settings),
        threshold=settings["threshold"],
        threshold_source=settings["threshold_source"],
        calibration=settings["calibration"],
        provenance=provenance(sys.argv, head),
    )


def _write_pages(
    head: Mapping[str, Any],
    results: Sequence[ClipResult],
    report: Mapping[str, Any] | None,
    outputs: Outputs,
    failures: Failures,
) -> None:
    if outputs.markdown:
        from facefake.reporting import write_markdown

        with failures.kept():
            write_markdown(outputs.markdown, head, results, report)
    if outputs.html:
        with failures.kept():
            _write_html(outputs.html, head, results, report)


def _write_html(
    target: Path, head: Mapping[str, Any], results: Sequence[ClipResult], report: Mapping[str, Any] | None
) -> None:
    if report:
        write_page(target, report)
        return
    from facefake.reporting.html_results import faces, write_results_html
    from facefake.reporting.thumbnails import thumbnails

    write_results_html(target, head, results, thumbnails(faces(results)))
