"""``facefake detectors import``: a published file that somebody brought, turned into a detector file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from facefake.cli.outputs import keep_apart
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.models.card import DetectorCard
    from facefake.registry.entry import Entry, Hub, Link


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
    from facefake.importing.convert import convert
    from facefake.registry.entries import find
    from facefake.registry.licences import require

    entry = find(name)
    require(entry, cache_dir())
    published = _published_as(entry, file)
    if out is None and published is None:
        _check_unknown(entry, file)
    target = out or kept_file(name)
    keep_apart([target], [file, base])
    source, revision = _address(published)
    card = convert(file, entry, target, source=source, revision=revision, base_weights=str(base) if base else None)
    for line in _summary(entry, card, target, published is not None):
        click.echo(line, err=True)
    click.echo(f"facefake score FILE --detector {out or name}")


def _published_as(entry: Entry, file: Path) -> Hub | Link | None:
    """Which of the published files it is, byte for byte; ``None`` if it is none whose digest is known."""
    from facefake.registry.entry import Hub, Link
    from facefake.scoring.digest import sha256_file

    digest = sha256_file(file)
    known = [source for source in entry.sources if isinstance(source, Hub | Link) and source.sha256]
    return next((source for source in known if source.sha256 == digest), None)


def _check_unknown(entry: Entry, file: Path) -> None:
    """Keep no file under a published name that is known not to be what was published under it."""
    from facefake.importing.opened import looks_like, open_published
    from facefake.registry.entry import Manual

    if any(isinstance(source, Manual) or source.sha256 is None for source in entry.sources):
        return
    opened = open_published(file)
    raise FacefakeError(
        "digest_mismatch",
        f"{file} is not, byte for byte, what was published as {entry.name}; it looks like {looks_like(opened)}",
        "Fetch it again; or name a detector file to write with --out, if it is one you trained in that form.",
    )


def _address(source: Hub | Link | None) -> tuple[str | None, str | None]:
    """Where a published file is from, and its commit."""
    from facefake.registry.entry import Hub

    if isinstance(source, Hub):
        return f"https://huggingface.co/{source.repository}", source.revision
    return (source.url if source else None), None


def _summary(entry: Entry, card: DetectorCard, out: Path, published: bool) -> list[str]:
    assert card.origin is not None  # convert fills it
    lines = [f"{out}: {entry.title}, {out.stat().st_size / 1e6:.1f} MB"]
    if published:
        lines.append("the file is, byte for byte, a published one")
    else:
        lines.append(f"the file is none whose digest is known here: {card.origin.sha256}")
    if card.origin.base_deviation:
        lines.append(
            f"what was not tuned is the base's but for {card.origin.base_deviation:.1e} of a tensor's largest value"
        )
    return lines
