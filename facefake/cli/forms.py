"""The forms a report is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Forms:
    """The files a report is written to."""

    json: str | None
    csv: str | None
    markdown: str | None
    html: str | None

    def write(self, document: Mapping[str, Any]) -> None:
        """Write those asked for.

        Raises:
            FacefakeError: ``not_writable``.
        """
        from facefake.reporting import write_json, write_report_csv, write_report_markdown

        if self.json:
            write_json(self.json, document)
        if self.csv:
            write_report_csv(self.csv, document)
        if self.markdown:
            write_report_markdown(self.markdown, document)
        if self.html:
            write_page(self.html, document)


def write_page(target: str | Path, document: Mapping[str, Any]) -> None:
    """Write a report or comparison as one HTML page, with the frames of its worst errors where the videos are there.

    Raises:
        FacefakeError: ``not_writable``.
    """
    from facefake.reporting.html import examples, write_html
    from facefake.reporting.thumbnails import thumbnails

    write_html(target, document, thumbnails(examples(document)))
