"""``facefake detectors``: what others published, and how to have it here; one file for each command."""

from __future__ import annotations

import click

from facefake.cli.lazy import LazyGroup

COMMANDS = {
    "info": "All that is known of one: source, terms, crop, published figures.",
    "fetch": "Fetch one, or prepare it for a machine without a network.",
    "accept": "Acknowledge a licence that restricts what the weights may be used for.",
    "import": "Turn a published file you have into a detector file.",
    "verify": "Check on this machine that one is what was published and answers alike.",
    "push": "A folder, or a repository, for others to fetch your detector from.",
}


@click.group(
    "detectors", cls=LazyGroup, package="facefake.cli.detectors", summaries=COMMANDS, invoke_without_command=True
)
@click.pass_context
def command(context: click.Context) -> None:
    """List the detectors that others published and that run here: what each is for, what it costs to download, and its
    terms.

    \b
    facefake detectors
    facefake detectors info gend-clip-l14
    facefake score clip.mp4 --detector gend-clip-l14
    """
    if context.invoked_subcommand is not None:
        return
