"""``facefake detectors info``: all that is known of a published detector."""

from __future__ import annotations

import click


@click.command("info")
@click.argument("name")
@click.option("--json", "json_file", metavar="FILE", help="Write it all as JSON; - for stdout.")
def command(name: str, json_file: str | None) -> None:
    """Say of the published detector NAME where it is from, how to have it here, how its authors cut and resized what it
    sees, what its output means, what it was trained on, its published figures with who says so, its terms, and what of
    all this facefake's authors could check.

    \b
    facefake detectors info gend-clip-l14
    facefake detectors info effort-ffpp --json -
    """
    from facefake.cli.detectors.facts import facts
    from facefake.registry.entries import find

    found = facts(find(name))
    if json_file:
        from facefake.reporting import write_json

        write_json(json_file, {"schema": 1, "kind": "detector", **found})
    if json_file != "-":
        from facefake.cli.detectors.sheet import print_sheet

        print_sheet(found)
