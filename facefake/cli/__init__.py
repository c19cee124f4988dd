"""The command line: one file for each command, imported when it is called, so that ``--help`` is quick."""

from __future__ import annotations

import signal
import sys
from typing import Any

import click

from facefake._version import __version__
from facefake.cli.lazy import LazyGroup
from facefake.cli.outputs import is_closed_pipe
from facefake.cli.streams import standard_streams
from preprocessing.errors import FacefakeError, first_line
from preprocessing.files import FULL, not_writable, remove_unfinished
from preprocessing.interrupts import Interrupts, exit_code, interruptible
from preprocessing.text import visible

COMMANDS = {
    "extract": "Video files to aligned faces on disk.",
    "train": "Train a detector on a data set.",
    "score": "Tell whether the faces in a video were forged, or a picture generated.",
    "report": "A report from saved scores, ours or others': one detector, or several compared.",
    "evaluate": "A whole suite of data sets or degradations, and one report over it.",
    "study": "Train and compare recipes on generated pictures, beside a paper's figures.",
    "calibrate": "Make a detector's scores probabilities, on validation videos.",
    "detectors": "Published detectors: which there are, their terms, and how to have one here.",
    "export": "A detector as an ONNX file, for programs without torch.",
    "datasets": "The data sets that are read as released; what of one is there.",
    "demo": "The whole way on a small generated set: no network, no weights.",
    "doctor": "What this machine has: packages, decoders, GPU, data.",
}

EXIT_ERRORS, EXIT_USAGE, EXIT_COVERAGE = 1, 2, 3


@click.group(
    cls=LazyGroup,
    package="facefake.cli",
    summaries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="facefake")
def cli() -> None:
    """Tell whether the faces in a video were forged, or a picture generated.

    \b
    facefake demo                                  see the whole way run
    facefake extract videos/                       videos to aligned faces
    facefake train --dataset ffpp                  train a detector
    facefake score clip.mp4                        score a clip by a published detector, or yours
    facefake detectors                             which there are
    facefake study generators --data sets/         train and compare on pictures

    Exit codes: 0 all went well, 1 some files could not be processed, 2 usage, 3 too few clips have a score, 128 and the
    number of a signal that ended the run (130 Ctrl-C, 143 SIGTERM): what was finished is kept.
    """


def report_error(error: FacefakeError) -> None:
    """The error on stderr: what is wrong, what to do, and the code scripts match on."""
    click.echo(f"error [{error.code}]: {visible(error.message)}\n hint: {visible(error.hint)}", err=True)


def main(args: list[str] | None = None, *, standalone_mode: bool = True, **extra: Any) -> None:
    """Entry point of the ``facefake`` console script: runs a command, and ends in an exit code and, if need be, words.

    Signals become interrupts (:mod:`preprocessing.interrupts`) while it runs.

    Args:
        args: What was typed; those of the process by default.
        standalone_mode: Exit also with code 0, as a program does; otherwise return then.
        extra: As :meth:`click.Command.main` takes it.
    """
    with standard_streams(), interruptible(remove_unfinished) as interrupts:
        try:
            code = _run(args, extra, interrupts)
        finally:
            remove_unfinished()
        if code or standalone_mode:
            sys.exit(code)


def _run(args: list[str] | None, extra: dict[str, Any], interrupts: Interrupts) -> int:
    code = EXIT_ERRORS
    try:
        code = _command(args, extra)
        sys.stdout.flush()
        return code
    except FacefakeError as error:
        code = _failed(error)
    except OSError as error:
        if error.errno not in FULL:
            raise
        # of a library that writes files of its own
        code = _failed(not_writable(error.filename or "a file", error))
    except KeyboardInterrupt:
        code = exit_code(signal.SIGINT)
    except Exception as error:
        if interrupts.received is None:
            raise
        # a child that the same signal ended, say
        click.echo(f"while ending: {type(error).__name__}: {first_line(error)}", err=True)
    if interrupts.received is None:
        return code
    click.echo(f"Interrupted by {signal.Signals(interrupts.received).name}.", err=True)
    return exit_code(interrupts.received)


def _command(args: list[str] | None, extra: dict[str, Any]) -> int:
    """Run a command; its exit code."""
    try:
        return cli.main(args=args, prog_name="facefake", standalone_mode=False, **extra) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort as abort:  # which click makes of an interrupt, and of the end of the input at a question
        if isinstance(abort.__cause__, KeyboardInterrupt):
            raise abort.__cause__ from None
        click.echo("Aborted!", err=True)
        return EXIT_ERRORS
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else EXIT_ERRORS if done.code else 0


def _failed(error: FacefakeError) -> int:
    """Tell an error; the exit code."""
    if is_closed_pipe(error):  # quiet, as other programs are that end by SIGPIPE
        return exit_code(signal.SIGPIPE)
    report_error(error)
    return EXIT_USAGE
