"""``facefake detectors verify``: whether a published detector here is what was published, and answers alike."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.verifying.verify import Picture

_SIDE = 256  # of the generated pictures
_MOST = 64  # of the user's, which are compared on the CPU
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
    help=f"A folder of pictures to ask about, at most {_MOST} of them, instead of generated ones.",
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
    from facefake.registry.entries import find
    from facefake.verifying.verify import generated_pictures, verify

    entry = find(name)
    pictures = _pictures(crops) if crops else generated_pictures(_SIDE)
    failed = False
    for check in verify(entry, pictures, file=file, say=lambda sentence: click.echo(sentence, err=True)):
        click.echo(f"{_MARKS[check.outcome]}{check.what}: {check.words}")
        failed = failed or check.outcome == "failed"
    sys.exit(1 if failed else 0)


def _pictures(folder: Path) -> list[Picture]:
    from preprocessing.whole import read_picture

    pictures: list[Picture] = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        if len(pictures) == _MOST:
            break
        with suppress(FacefakeError):  # whatever else lies there
            pictures.append(read_picture(path))
    if not pictures:
        raise FacefakeError("not_found", f"there is no picture in {folder}", "Name a folder of pictures.")
    return pictures
