"""The forms a report is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from facefake.cli.outputs import write_each


@dataclass(frozen=True, slots=True)
class Forms:
    """The files a report is written to."""

    json: str | None
    csv: str | None
    markdown: str | None
    html: str | None

    def write(self, document: Mapping[str, Any]) -> None:
        """Write those asked for, also after one that cannot be written.

        Raises:
            FacefakeError: ``not_writable``.
        """
        from facefake.reporting import write_json, write_report_csv, write_report_markdown

        forms = (
            (self.json, write_json),
            (self.csv, write_report_csv),
            (self.markdown, write_report_markdown),
            (self.html, write_page),
        )
        write_each(partial(write, target, document) for target, write in forms if target)


def write_page(target: str | Path, document: Mapping[str, Any]) -> None:
    """Write a report or comparison as one HTML page, with the frames of its worst errors where the videos are there.

    Raises:
        FacefakeError: ``not_writable``.
    """
    from facefake.reporting.html import examples, write_html
    from facefake.reporting.thumbnails import thumbnails

    write_html(target, document, thumbnails(examples(document)))
