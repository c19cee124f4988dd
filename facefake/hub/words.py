"""How people are told of published files: how large, where they are, and what to do without a network."""

from __future__ import annotations

from huggingface_hub import constants as hub

from facefake.registry.entry import Entry, Hub, Link, Source


def to_bring(entry: Entry) -> str:
    """What to do where there is no network, in words."""
    return (
        f"{elsewhere(entry)} Or bring {where(entry.sources[0])} and run `facefake detectors import FILE --as "
        f"{entry.name}`."
    )


def elsewhere(entry: Entry) -> str:
    """The way over another machine, in words."""
    return (
        f"Where there is a network, run `facefake detectors fetch {entry.name} --to DIR`, bring DIR here, and use "
        f"--detector DIR/{entry.name}.safetensors."
    )


def in_words(size: int) -> str:
    """Bytes as people read them.

    Example:
        >>> in_words(4083), in_words(1_215_928_160)
        ('4 kB', '1.2 GB')
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e3:.0f} kB"


def where(source: Source) -> str:
    """Where a published file is, for a person who fetches it."""
    if isinstance(source, Hub):
        return f"{source.file} from {hub.ENDPOINT}/{source.repository}/tree/{source.revision or 'main'}"
    return source.url if isinstance(source, Link) else f"{source.file} from {source.page}"
