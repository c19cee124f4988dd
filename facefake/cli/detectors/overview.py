"""What ``facefake detectors`` prints on stdout: every published detector in one screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from facefake.hub.words import in_words

GROUPS = {"face": "Forged faces", "image": "Whole pictures"}
_AGE = (
    "Most detectors of generated pictures learned from old generators and miss many of today's: a low score of theirs "
    "says little."
)
_COMMANDS = (
    "",
    "facefake detectors info NAME             crop, figures, terms, what was checked",
    "facefake score clip.mp4 --detector NAME  fetched the first time",
)


def print_overview(
    rows: Sequence[Mapping[str, Any]], not_run: Sequence[tuple[str, str, str]], console: Console | None = None
) -> None:
    """The table, then what its words mean and what to type.

    Args:
        rows: Of :func:`facefake.cli.detectors.facts.facts`, in the order to show.
        not_run: Name, reason and address of what is published and does not run here.
        console: Where to; stdout if not given.
    """
    console = console or Console(highlight=False)
    console.print(_table(rows))
    for line in _legend(rows):
        console.print(line)
    for name, why, link in not_run:
        console.print(Text(f"{name} does not run here: {why}:"))
        console.print(Text(link), soft_wrap=True)  # unbroken, to be copied
    for typed in _COMMANDS:
        console.print(Text(typed))


def _table(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for name in ("", "here", "download", "base", "licence"):
        table.add_column(name, no_wrap=True)
    table.add_column("what for")
    for kind, title in GROUPS.items():
        table.add_row(Text(title, style="bold underline"))
        for row in rows:
            if row["detects"] == kind:
                table.add_row(*_cells(row))
    return table


def _cells(row: Mapping[str, Any]) -> Iterator[Text]:
    yield Text(row["name"], style="bold")
    yield Text(_state(row["state"]), style="green" if row["state"]["file"] else "")
    yield Text(_download(row["sources"][0]))
    yield Text(row["base"]["short"])
    yield Text(row["weights"]["name"])
    yield Text(row["use_for"])


def _state(state: Mapping[str, Any]) -> str:
    if not state["accepted"]:
        return "terms"
    return "yes" if state["file"] else "no"


def _download(source: Mapping[str, Any]) -> str:
    if source["kind"] == "by hand":
        return "by hand"
    return in_words(source["size"]) if source["size"] else "?"


def _legend(rows: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    bases = {row["base"]["title"]: row["base"] for row in rows}
    weighed = (f"{title} {in_words(each['size'])} ({each['licence']['name']})" for title, each in bases.items())
    yield Text()
    yield _line("base", f"fetched once for all that stand on it: {', '.join(weighed)}")
    yield _line("by hand", "a browser fetches it; then `facefake detectors import FILE --as NAME`")
    yield _line("terms", "not for commercial use; `facefake detectors accept NAME` once")
    yield Text(_AGE)


def _line(word: str, meaning: str) -> Text:
    return Text.assemble((word, "bold"), ": ", meaning)
