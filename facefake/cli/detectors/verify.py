"""``facefake detectors verify``: whether a published detector here is what was published, and answers alike."""

from __future__ import annotations

import sys
from pathlib import Path

import click

_SIDE = 256  # of the generated pictures
_MARKS = {"ok": "ok     ", "failed": "FAILED ", "unknown": "-      "}


@click.command("verify")
@click.argument("name")
@click.option(
    "--source",
    "file",
    type=click.Path(path_type=Path),
    help="The published file, where it had to be fetched by hand.",
)
@click.option(
    "--crops",
    type=click.Path(path_type=Path),
    help="A folder of pictures, cut as the detector wants them, to ask about. [default: generated ones]",
)
def command(name: str, file: Path | None, crops: Path | None) -> None:
    """Check a published detector on this machine: the file's digest, its base, the import, and its answers.

    The answers are compared with those of the network its authors publish, built of the modules of transformers or timm
    and filled with the published weights, in fp32 on the CPU: no score may differ by more than 1e-4. What cannot be
    checked here is said.

    \b
    facefake detectors verify gend-clip-l14
    facefake detectors verify gend-clip-l14 --crops faces/
    facefake detectors verify effort-ffpp --source effort_ffpp.pth

    Exit codes: 0 nothing failed, 1 a check failed, 2 usage.
    """
    from facefake.probes import generated_pictures, pictures_of
    from facefake.registry.entries import find
    from facefake.verifying.verify import verify

    entry = find(name)
    pictures = pictures_of(crops, entry.geometry) if crops else generated_pictures(_SIDE)
    failed = False
    for check in verify(entry, pictures, file=file, say=lambda sentence: click.echo(sentence, err=True)):
        click.echo(f"{_MARKS[check.outcome]}{check.what}: {check.words}")
        failed = failed or check.outcome == "failed"
    sys.exit(1 if failed else 0)
