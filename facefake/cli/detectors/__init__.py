"""``facefake detectors``: what others published, and how to have it here; one file for each command."""

from __future__ import annotations

import click

from facefake.cli.lazy import LazyGroup

COMMANDS = {
    "info": "All that is known of one: source, terms, crop, figures.",
    "fetch": "Fetch one, or prepare it for a machine without a network.",
    "accept": "Acknowledge a licence that restricts the use of weights.",
    "import": "Turn a published file you have into a detector file.",
    "verify": "Check here that one is what was published.",
    "push": "A folder or repository, for others to have your detector.",
}


@click.group(
    "detectors", cls=LazyGroup, package="facefake.cli.detectors", summaries=COMMANDS, invoke_without_command=True
)
@click.option("--json", "json_file", metavar="FILE", help="Write all that is known of them as JSON; - for stdout.")
@click.pass_context
def command(context: click.Context, json_file: str | None) -> None:
    """List the detectors that others published and that run here: what each is for, what it costs to download, its
    terms, and whether it is on this machine.

    \b
    facefake detectors
    facefake detectors info gend-clip-l14
    facefake score clip.mp4 --detector gend-clip-l14
    """
    if context.invoked_subcommand is not None:
        return
    from facefake.cli.detectors.facts import facts
    from facefake.registry.entries import ENTRIES, NOT_RUN

    rows = [facts(entry) for entry in ENTRIES.values()]
    if json_file:
        from facefake.reporting import write_json

        not_run = [{"name": name, "why": why, "link": link} for name, why, link in NOT_RUN]
        write_json(json_file, {"schema": 1, "kind": "detectors", "detectors": rows, "not_run": not_run})
    if json_file != "-":
        from facefake.cli.detectors.overview import print_overview

        print_overview(rows, NOT_RUN)
