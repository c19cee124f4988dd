"""What becomes of results: files as they are scored, then the report over those with a label, then the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facefake.cli.forms import write_page
from facefake.progress import progress_bar
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.evaluation import Scores
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


def write_results(results: Iterable[ClipResult], total: int, head: dict[str, Any], outputs: Outputs) -> Written:
    """Write each result as it comes, then the report and the terminal's tables.

    An interrupt from the keyboard, or an error that is of no single file, ends the run but keeps what was scored.
    Outputs that cannot be written are an error before the first file is scored.

    Raises:
        FacefakeError: ``not_writable``; what ``results`` raise, once those before are written.
    """
    from facefake.evaluation import Scores
    from facefake.evaluation.notes import notes_on
    from facefake.reporting import CsvResults, JsonResults, check_output, open_output, print_report, print_results
    from facefake.reporting.terminal import MAX_ROWS

    kept: list[ClipResult] = []
    labelled = Scores.collector()
    ended: KeyboardInterrupt | FacefakeError | None = None
    for page in filter(None, (outputs.markdown, outputs.html)):
        check_output(page)
    with ExitStack() as files, progress_bar("scoring", total) as advance:
        document = JsonResults(files.enter_context(open_output(outputs.json)), head) if outputs.json else None
        table = CsvResults(files.enter_context(open_output(outputs.csv))) if outputs.csv else None
        try:
            for result in results:
                if document:
                    document.add(result)
                if table:
                    table.add(result)
                labelled.add(result)
                # only shown results are needed whole again; a million others are not held
                kept.append(result if len(kept) < MAX_ROWS else replace(result, people=()))
                advance(Path(result.path).name)
        except (KeyboardInterrupt, FacefakeError) as error:
            if not kept:
                raise
            ended = error
        scores = labelled.done()
        interrupted = f"The run ended early, with {len(kept)} of {total} files scored." if ended else None
        if interrupted:
            scores = replace(scores, notes=(*scores.notes, interrupted))
        report = _report(scores, head)
        if document:
            document.close(report, interrupted)
    _write_pages(head, kept, report, outputs)
    print_results(kept, notes=[] if report else notes_on(head))
    if report:
        print_report(report)
    if ended:
        click.echo(f"{interrupted} Their results are kept.", err=True)
        raise ended
    failed = any(result.error is not None and result.error.code != "absent" for result in kept)
    return Written(scores, report, failed)


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
    head: Mapping[str, Any], results: Sequence[ClipResult], report: Mapping[str, Any] | None, outputs: Outputs
) -> None:
    if outputs.markdown:
        from facefake.reporting import write_markdown

        write_markdown(outputs.markdown, head, results, report)
    if outputs.html:
        if report:
            write_page(outputs.html, report)
        else:
            from facefake.reporting.html_results import faces, write_results_html
            from facefake.reporting.thumbnails import thumbnails

            write_results_html(outputs.html, head, results, thumbnails(faces(results)))
