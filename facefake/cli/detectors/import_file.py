"""``facefake detectors import``: a published file that somebody brought, turned into a detector file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facefake.cli.outputs import keep_apart
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.models.card import DetectorCard
    from facefake.registry.entry import Entry


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "name", required=True, metavar="NAME", help="Which detector it is: `facefake detectors`.")
@click.option(
    "--base",
    type=click.Path(path_type=Path),
    help="The weights it was tuned from, as open_clip has them; else they are looked for, and fetched.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="The detector file to write; else it is kept under its name."
)
def command(file: Path, name: str, base: Path | None, out: Path | None) -> None:
    """Turn a published file into a detector file, of what was tuned and nothing else.

    FILE is opened without running anything in it. What its authors left as it was must be that of the base, or the file
    is refused.

    \b
    facefake detectors import effort_ffpp.pth --as effort-ffpp
    facefake score clip.mp4 --detector effort-ffpp
    """
    from facefake.hub.cache import cache_dir, kept_file
    from facefake.hub.fetch import brought, known_digests
    from facefake.hub.keep import convert_fetched
    from facefake.registry.entries import find
    from facefake.registry.licences import require

    entry = find(name)
    require(entry, cache_dir())
    fetched = brought(entry, file)
    published = fetched.sha256 in known_digests(entry)
    if out is None and not published:
        _check_unknown(entry, file)
    target = out or kept_file(name)
    keep_apart([target], [file, base])
    card = convert_fetched(fetched, entry, target, base_weights=str(base) if base else None)
    for line in _summary(entry, card, target, published):
        click.echo(line, err=True)
    click.echo(f"facefake score FILE --detector {shlex.quote(str(out or name))}")


def _check_unknown(entry: Entry, file: Path) -> None:
    """Keep no file under a published name that is known not to be what was published under it."""
    from facefake.opening.looks import looks_like
    from facefake.opening.opened import open_published
    from facefake.registry.entry import Manual

    if any(isinstance(source, Manual) or source.sha256 is None for source in entry.sources):
        return
    tensors = open_published(file).tensors
    raise FacefakeError(
        "digest_mismatch",
        f"{file} is not, byte for byte, what was published as {entry.name}; it looks like {looks_like(tensors)}",
        "Fetch it again; or name a detector file to write with --out, if it is one you trained in that form.",
    )


def _summary(entry: Entry, card: DetectorCard, out: Path, published: bool) -> list[str]:
    assert card.origin is not None  # convert fills it
    lines = [f"{out}: {entry.title}, {out.stat().st_size / 1e6:.1f} MB"]
    if published:
        lines.append("the file is, byte for byte, a published one")
    else:
        lines.append(f"the file is none whose digest is known here: {card.origin.sha256}")
    if card.origin.base_deviation is None and card.strategy != "full":
        lines.append(
            "the file holds nothing of the tower it belongs on: whether this base is the right one is not checked"
        )
    elif card.origin.base_deviation:
        lines.append(
            f"what was not tuned is the base's but for {card.origin.base_deviation:.1e} of a tensor's largest value"
        )
    return lines
