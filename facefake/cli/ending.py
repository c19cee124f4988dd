"""How a command that scores or reports ends: in words where too few clips have a score, and in an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from facefake.cli import EXIT_COVERAGE, EXIT_ERRORS

_HINT = (
    "The report's reasons say why; scored with --no-abstain, every clip that shows a face has one. "
    "--min-coverage 0 takes any share, but then say so beside the figures."
)


def end(short: Sequence[str], any_error: bool = False) -> None:
    """End with 3 where there are sentences of :func:`facefake.evaluation.coverage.below`, 1 where a file failed."""
    if short:
        click.echo("\n".join([*short, f" hint: {_HINT}"]), err=True)
        sys.exit(EXIT_COVERAGE)
    if any_error:
        sys.exit(EXIT_ERRORS)
