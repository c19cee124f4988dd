"""The command line: one file for each command, imported when it is called, so that ``--help`` is quick."""

from __future__ import annotations

import io
import sys
from typing import Any

import click

from facefake._version import __version__
from facefake.cli.lazy import LazyGroup
from preprocessing.errors import FacefakeError
from preprocessing.text import WRITE_OUT, visible

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

    Exit codes: 0 all went well, 1 some files could not be processed, 2 usage, 3 too few clips have a score.
    """


def report_error(error: FacefakeError) -> None:
    """The error on stderr: what is wrong, what to do, and the code scripts match on."""
    click.echo(f"error [{error.code}]: {visible(error.message)}\n hint: {visible(error.hint)}", err=True)


def main(args: list[str] | None = None, **extra: Any) -> None:
    """Entry point of the ``facefake`` console script; a :class:`FacefakeError` ends in words and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a path may hold bytes, and a terminal lack letters
            stream.reconfigure(errors=WRITE_OUT)
    try:
        cli.main(args=args, prog_name="facefake", **extra)
    except FacefakeError as error:
        report_error(error)
        sys.exit(EXIT_USAGE)
