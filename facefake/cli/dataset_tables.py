"""What ``facefake datasets`` prints on stdout, for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from preprocessing.releases.check import Check, Count

SHOWN = 5  # of each kind of trouble; the JSON has them all
FORMS = {"videos": "Videos", "crops": "Face crops", "pictures": "Whole pictures"}


def print_datasets(rows: Sequence[Mapping[str, Any]]) -> None:
    """Each data set in a few lines below its form, from what ``facefake datasets --json`` writes."""
    console = Console()
    for form, title in FORMS.items():
        console.print(Text(title, style="bold underline"))
        for row in rows:
            if row["form"] == form:
                _print_dataset(console, row)
        console.print()


def _print_dataset(console: Console, row: Mapping[str, Any]) -> None:
    at = f"is at {row['root']}" if row["root"] else f"not at {', '.join(row['places'])}"
    console.print(Text.assemble((row["name"], "bold"), f"  {row['title']}"), soft_wrap=True)
    console.print(Text(f"    {_official(row['clips'])}"), soft_wrap=True)
    if row["licence"]:
        console.print(Text(f"    {row['licence']}; {row['link']}"), soft_wrap=True)
    console.print(Text(f"    {at}", style="green" if row["root"] else "dim"), soft_wrap=True)


def _official(clips: Mapping[str, Any]) -> str:
    kinds = [f"{clips[kind]:,} {kind}" for kind in ("real", "fake") if clips[kind]]
    splits = [f"{split} {count:,}" for split, count in clips["splits"].items()]
    if not kinds:
        return "no official figures"
    return f"officially {', '.join(kinds)}" + (f" ({', '.join(splits)})" if splits else "")


def print_check(checked: Check) -> None:
    """Counts by method and split, then each kind of trouble with its first few names."""
    from preprocessing.text import visible

    console = Console()
    console.print(Text(f"{checked.reader.title} in {visible(str(checked.root))}", style="bold"), soft_wrap=True)
    console.print(_counts(checked.counts))
    for title, lines in _troubles(checked):
        if lines:
            console.print(Text(f"{title}: {len(lines)}", style="yellow"))
        for line in lines[:SHOWN]:
            console.print(Text(f"  {visible(line)}"), soft_wrap=True)
        if len(lines) > SHOWN:
            console.print(Text(f"  ... and {len(lines) - SHOWN} more; --json names them all", style="dim"))
    for note in checked.notes:
        console.print(Text(f"note: {visible(note)}"), soft_wrap=True)
    style = "bold green" if checked.sound and checked.complete else "bold"
    console.print(Text(_conclusion(checked), style=style), soft_wrap=True)


def _counts(counts: Sequence[Count]) -> Table:
    levels = any(count.compression for count in counts)
    table = Table()
    for name in (["compression"] if levels else []) + ["method", "split"]:
        table.add_column(name, no_wrap=True)
    for name in ("official", "here", "missing"):
        table.add_column(name, justify="right", no_wrap=True)
    for _, group in groupby(counts, key=lambda count: (count.compression, count.method)):
        for count in group:
            table.add_row(
                *([Text(count.compression or "")] if levels else []),
                Text(count.method),
                count.split or ("all" if count.official else ""),
                "" if count.official is None else f"{count.official:,}",
                _here(count),
                f"{count.missing:,}" if count.missing else "",
            )
        table.add_section()
    return table


def _here(count: Count) -> str:
    """How many are there, and marked how many more than were released."""
    surplus = count.found - count.official if count.official is not None else 0
    return f"{count.found:,}" + (f" (+{surplus:,})" if surplus > 0 else "")


def _troubles(checked: Check) -> Iterable[tuple[str, list[str]]]:
    yield "listed by the release and not there", [clip.key for clip in checked.absent]
    yield "do not open", [f"{each.clip.key} [{each.error.code}] {each.error.message}" for each in checked.unreadable]
    yield "same bytes under several names", [str(duplicate) for duplicate in checked.duplicates]
    yield "files that no rule of the release explains", [str(path.relative_to(checked.root)) for path in checked.strays]
    yield "clips without a label", [clip.key for clip in checked.unlabelled]
    yield "footage in several splits", [str(leak) for leak in checked.leaks if leak.kind == "pair"]
    yield "people in several splits", [str(leak) for leak in checked.leaks if leak.kind == "identity"]
    yield "real and fake can be told without a look at the picture", [each.sentence for each in checked.shortcuts]
    yield (
        "clips that would share a folder in a face store",
        [f"{folder}: {len(keys)}, e.g. {' and '.join(keys[:2])}" for folder, keys in checked.collisions.items()],
    )


def _conclusion(checked: Check) -> str:
    words = [
        f"{len(checked.clips):,} clips here, {checked.missing:,} missing",
        "sound" if checked.sound else "not sound",
    ]
    if frames := sum(clip.frames_absent for clip in checked.clips):
        words[0] += f", {frames:,} listed frames missing"
    if checked.quick:
        words.append("the contents of files were not looked at (--quick)")
    return "; ".join(words) + "."
