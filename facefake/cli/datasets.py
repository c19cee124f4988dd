"""``facefake datasets``: the data sets that are read as released, what of one is there, and its protocol as a file."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facefake.cli import EXIT_COVERAGE, EXIT_ERRORS
from facefake.cli.options import Source, default_workers, split_option
from facefake.cli.outputs import keep_out
from preprocessing.clip import FAKE, REAL

if TYPE_CHECKING:
    from preprocessing.datasets import Official, Reader

json_option = click.option("--json", "json_file", metavar="FILE", help="Write it all as JSON; - for stdout.")


@click.group("datasets", invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, json_file: str | None) -> None:
    """List the data sets that are read as released: videos, face crops and whole pictures, each with terms, link,
    official counts, and whether it is there.

    A data set is looked for under its name in the folders of $FACEFAKE_DATA (several with ":" between them) and in
    ./data. Nothing is ever written to it.

    \b
    facefake datasets
    facefake datasets check celebdf                      against the official figures
    facefake datasets check celebdf Celeb-DF-v2 --json check.json
    facefake datasets protocol ffpp --split test --compression c23 --out ffpp-test.csv
    """
    if context.invoked_subcommand is not None:
        return
    from preprocessing.datasets import READERS

    rows = [_facts(reader) for reader in READERS.values()]
    if json_file:
        from facefake.reporting import write_json

        write_json(json_file, {"schema": 1, "kind": "datasets", "datasets": rows})
    if json_file != "-":
        from facefake.cli.dataset_tables import print_datasets

        print_datasets(rows)


@command.command("check")
@click.argument("name")
@click.argument("root", required=False, type=click.Path(path_type=Path))
@click.option("--quick", is_flag=True, help="Names and lists only; no file is opened.")
@click.option("--workers", type=click.IntRange(1), default=default_workers, help="Processes. [default: one a core]")
@json_option
def check_command(name: str, root: Path | None, quick: bool, workers: int, json_file: str | None) -> None:
    """Hold what is there of the data set NAME, below ROOT, against its official figures and lists.

    Says what is missing by method and split, which files do not open, which are the same under two names, which no
    rule of the release explains, which have no label, and which footage or people stand in several splits; of pictures,
    whether file format, size or JPEG compression alone tell real from fake.

    \b
    facefake datasets check ffpp /data/FaceForensics++
    facefake datasets check dfdc --quick

    Exit codes: 0 complete and sound, 1 files that do not open, equal files of contradicting labels or clips that share
    a place in the face store, 2 usage, 3 incomplete.
    """
    from facefake.progress import progress_bar
    from preprocessing.datasets import get_reader
    from preprocessing.releases.check import check

    reader, root = get_reader(name), _source(name, root).root()
    keep_out(root, json_file)
    found = reader.read(root)
    with progress_bar("opening files", 0 if quick else len(found.clips)) as advance:
        checked = check(reader, root, found, quick=quick, workers=workers, on_clip=lambda clip: advance(clip.path.name))
    if json_file:
        from facefake.reporting import write_json

        write_json(json_file, checked.to_dict())
    if json_file != "-":
        from facefake.cli.dataset_tables import print_check

        print_check(checked)
    if not checked.sound:
        sys.exit(EXIT_ERRORS)
    if not checked.complete:
        sys.exit(EXIT_COVERAGE)


@command.command("protocol")
@click.argument("name")
@click.argument("root", required=False, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The CSV to write.")
@split_option
@click.option("--method", "methods", multiple=True, help="Only these forgery methods or real sources, or all.")
@click.option("--compression", "compressions", multiple=True, help="Only these compressions, e.g. c23.")
def protocol_command(
    name: str,
    root: Path | None,
    out: Path,
    splits: tuple[str, ...],
    methods: tuple[str, ...],
    compressions: tuple[str, ...],
) -> None:
    """Write which clips of the data set NAME, with which labels and splits, figures are computed over.

    The file names data set, version and hash in its first line and has one row a clip: those below ROOT and those the
    release lists that are not there. Figures over protocols of one hash can be compared.

    \b
    facefake datasets protocol celebdf --split test --out celebdf-test.csv
    facefake report theirs.csv --protocol celebdf-test.csv --polarity fake-high
    """
    from preprocessing.datasets import get_reader
    from preprocessing.releases.protocol import Protocol

    source = _source(name, root, methods, compressions)
    keep_out(source.root(), out)
    found = source.found(splits)
    protocol = Protocol.of(get_reader(name), [*found.clips, *found.absent])
    protocol.write(out)
    facts = protocol.facts()
    counts = ", ".join(f"{split} {clips}" for split, clips in facts["splits"].items())
    click.echo(f"{out}: {name} version {facts['version']}, {facts['clips']} clips ({counts})")
    click.echo(f"sha256 {facts['sha256']}")
    if found.absent:
        click.echo(f"{len(found.absent)} of them are listed by the release and not there")


def _source(name: str, root: Path | None, methods: tuple[str, ...] = (), compressions: tuple[str, ...] = ()) -> Source:
    return Source(datasets=(name,), data=root, labels=None, methods=methods, compressions=compressions)


def _facts(reader: Reader) -> dict[str, Any]:
    """What is listed of a data set, as plain values."""
    places = _source(reader.name, None).places()
    return {
        "name": reader.name,
        "title": reader.title,
        "licence": reader.licence,
        "link": reader.link,
        "form": _form(reader),
        "version": reader.version,
        "methods": list(reader.methods),
        "related": list(reader.related),
        "official": [
            {"method": line.method, "split": line.split, "label": _label(reader, line), "clips": line.clips}
            for line in reader.official
        ],
        "clips": {
            "real": _total(reader, REAL),
            "fake": _total(reader, FAKE),
            "splits": _by_split(reader.official),
        },
        "places": [str(place) for place in places],
        "root": next((str(place) for place in places if place.is_dir()), None),
    }


def _form(reader: Reader) -> str:
    if reader.pictures:
        return "pictures"
    return "crops" if reader.crops else "videos"


def _label(reader: Reader, line: Official) -> int:
    return REAL if line.method in reader.reals else FAKE


def _total(reader: Reader, label: int) -> int | None:
    """The official number of real or fake clips, ``None`` where there is no figure."""
    return sum(line.clips for line in reader.official if _label(reader, line) == label) or None


def _by_split(official: Iterable[Official]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for line in official:
        if line.split:
            counts[line.split] += line.clips
    return dict(counts)
