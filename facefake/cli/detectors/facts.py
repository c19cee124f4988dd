"""What is known of a published detector, and of it on this machine, as plain values."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from facefake.hub.cache import cache_dir, kept_file
from facefake.registry.bases import base
from facefake.registry.entry import Entry, Hub, Link, Manual, Source
from facefake.registry.licences import accepted

_KINDS = {Hub: "hub", Link: "link", Manual: "by hand"}


def facts(entry: Entry) -> dict[str, Any]:
    """An entry as JSON can hold it, with its base and the state it is in on this machine.

    Example:
        >>> from facefake.registry.entries import find
        >>> found = facts(find("ufd-clip-l14"))
        >>> found["sources"][0]["kind"], found["base"]["title"], found["state"]["accepted"]
        ('link', 'CLIP ViT-L/14', True)
    """
    path = kept_file(entry.name)
    return {
        **asdict(entry),
        "sources": [_source(source) for source in entry.sources],
        "base": asdict(base(entry)),
        "state": {
            "file": str(path) if path.is_file() else None,
            "accepted": accepted(entry, cache_dir()),
        },
    }


def _source(source: Source) -> dict[str, Any]:
    return {"kind": _KINDS[type(source)], **asdict(source)}
