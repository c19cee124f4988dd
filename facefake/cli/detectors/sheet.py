"""What ``facefake detectors info`` prints on stdout: one published detector on a sheet."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import click

from facefake.hub.words import in_words
from preprocessing.faces.align import CropGeometry

_INDENT, _WIDEST = 16, 100
_DETECTS = {"face": "forged faces in videos and pictures", "image": "generated pictures, judged whole"}
_COMMERCIAL = {True: "", False: ", not for commercial use", None: ", also whether for commercial use"}


def print_sheet(facts: Mapping[str, Any]) -> None:
    """A fact in a few lines; addresses are never broken, so that they can be copied.

    Args:
        facts: Of :func:`facefake.cli.detectors.facts.facts`.
    """
    paragraph = textwrap.TextWrapper(
        width=min(shutil.get_terminal_size().columns, _WIDEST),
        subsequent_indent=" " * _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    click.secho(facts["title"], bold=True)
    for name, value in _lines(facts):
        click.echo(paragraph.fill(f"{name:<{_INDENT}}{value}"))


def _lines(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    base, backbone = facts["base"], facts["backbone"]
    yield "name", facts["name"]
    yield "detects", _DETECTS[facts["detects"]]
    yield "take it for", facts["use_for"]
    yield "here", _here(facts)
    for source in facts["sources"]:
        yield "published as", _source(source)
    yield "base", f"{base['title']}, {in_words(base['size'])}: {backbone['name']}, {backbone['weights']}"
    yield "tuned", f"{facts['strategy']}, with a {facts['head']} head on the {backbone['feature']} feature"
    yield "crop", _crop(facts)
    yield "pixels", facts["preprocessing"]
    yield "output", facts["polarity"]
    yield "trained on", facts["trained_on"]
    for what, licence in (("weights", facts["weights"]), ("code", facts["code"]), ("base", base["licence"])):
        yield f"terms, {what}", f"{licence['name']}{_COMMERCIAL[licence['commercial']]} ({licence['url']})"
    yield "paper", facts["paper"]
    yield "project", facts["project"]
    for (metric, source), figures in groupby(facts["figures"], key=lambda figure: (figure["metric"], figure["source"])):
        values = ", ".join(f"{figure['dataset']} {figure['value']:.3f}" for figure in figures)
        yield f"{metric}", f"{values} ({source})"
    yield "checked", facts["verified"]
    yield "not checked", facts["unverified"]
    for note in facts["notes"]:
        yield "note", note


def _here(facts: Mapping[str, Any]) -> str:
    name, state = facts["name"], facts["state"]
    steps = [] if state["accepted"] else [f"`facefake detectors accept {name}`"]
    if not state["file"]:
        by_hand = facts["sources"][0]["kind"] == "by hand"
        bring = f"fetch it with a browser and `facefake detectors import FILE --as {name}`"
        steps.append(bring if by_hand else f"`facefake score FILE --detector {name}` fetches it")
    return "no: " + ", then ".join(steps) if steps else f"yes: {state['file']}"


def _source(source: Mapping[str, Any]) -> str:
    if source["kind"] == "by hand":
        return f"{source['file']}, by hand from {source['page']}"
    size, digest = in_words(source["size"]), source["sha256"] or "not known"
    if source["kind"] == "link":
        return f"{source['url']} ({size}, sha256 {digest})"
    url = f"https://huggingface.co/{source['repository']}/blob/{source['revision'] or 'main'}/{source['file']}"
    return f"{url} ({size}, sha256 {digest}{'' if source['revision'] else ', no commit pinned'})"


def _crop(facts: Mapping[str, Any]) -> str:
    geometry = CropGeometry.from_dict(facts["geometry"])
    size = "its own size" if geometry.size is None else f"{geometry.size} pixels"
    if geometry.whole:
        return f"the whole picture: {geometry.template}, {size}"
    return f"{geometry.template}, margin {geometry.scale:g}, {size}; faces found by {facts['face_detector']}"
