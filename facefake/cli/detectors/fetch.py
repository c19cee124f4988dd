"""``facefake detectors fetch``: a published detector here, or in a folder for a machine without a network."""

from __future__ import annotations

import shlex
from pathlib import Path

import click


@click.command("fetch")
@click.argument("name")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder to write the detector and its base's weights to, for a machine without a network.",
)
def command(name: str, folder: Path | None) -> None:
    """Fetch a published detector: its weights and its base's, checked against the known digest, made a detector file.

    `facefake score` does this by itself the first time. What was fetched before is not fetched again, and an
    interrupted download goes on where it ended. Files of the Hugging Face hub are kept in its client's cache
    ($HF_HOME), everything else in facefake's ($FACEFAKE_CACHE).

    \b
    facefake detectors fetch gend-clip-l14
    facefake detectors fetch gend-clip-l14 --to stick/
    facefake score clip.mp4 --detector stick/gend-clip-l14.safetensors     there, without a network
    """
    from facefake.hub.keep import converted
    from facefake.hub.take_along import take_along
    from facefake.registry.entries import find

    entry = find(name)
    path = converted(entry, say=_say)
    if folder is None:
        click.echo(f"{name} is here: {path}\nfacefake score FILE --detector {name}")
        return
    for each in take_along(entry, path, folder, say=_say):
        click.echo(each)
    click.echo(f"There: facefake score FILE --detector {shlex.quote(str(folder / path.name))}")


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)
