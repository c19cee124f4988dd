"""A study as one HTML page: tables and plots, ours beside the paper's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facefake.reporting import study_plots, study_tables
from facefake.reporting.html import environment
from facefake.reporting.output import open_output


def write_study_html(target: str | Path, report: Mapping[str, Any]) -> None:
    """Write :func:`study_page` to a file or, for ``-``, stdout.

    Raises:
        FacefakeError: ``not_writable``.
    """
    with open_output(target) as file:
        file.write(study_page(report))


def study_page(report: Mapping[str, Any]) -> str:
    """The page; it loads nothing and runs no script.

    Args:
        report: Of :func:`facefake.evaluation.study_report.make_study_report`.
    """
    templates = environment()
    templates.globals |= {
        "TITLES": study_tables.TITLES,
        "OVERVIEW": study_tables.OVERVIEW,
        "plots": study_plots,
        "table": study_tables,
    }
    return templates.get_template("study.html").render(report=report)
