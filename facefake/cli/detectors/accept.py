"""``facefake detectors accept``: acknowledge once that a licence restricts what weights may be used for."""

from __future__ import annotations

import sys

import click

from preprocessing.errors import FacefakeError


@click.command("accept")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Acknowledge without being asked, in scripts.")
def command(name: str, yes: bool) -> None:
    """Acknowledge that the weights of the published detector NAME are not for commercial use.

    This is asked once on a machine. What was acknowledged, and when, is written to facefake's own folder
    ($FACEFAKE_CACHE); deleting the file takes it back.

    \b
    facefake detectors accept effort-ffpp
    facefake detectors accept effort-ffpp --yes
    """
    from facefake.hub.cache import cache_dir
    from facefake.registry.entries import find
    from facefake.registry.licences import accept, accepted, restricted

    entry = find(name)
    terms = f"{entry.weights.name} ({entry.weights.url})"
    if not restricted(entry):
        click.echo(f"{name} asks for nothing: its weights are under {terms}.")
        return
    if accepted(entry, cache_dir()):
        click.echo(f"{name} was acknowledged before: its weights are under {terms}.")
        return
    click.echo(f"The weights of {name} are under {terms}: they are not for commercial use. Project: {entry.project}")
    if not (yes or _agreed()):
        raise FacefakeError(
            "licence_not_accepted",
            f"the licence of {name} was not acknowledged",
            "Read it, and run this again; in a script add --yes.",
        )
    click.echo(f"Noted in {accept(entry, cache_dir())}")


def _agreed() -> bool:
    return sys.stdin.isatty() and click.confirm("I have read the licence and will keep to it.", default=False)
