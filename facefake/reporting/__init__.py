"""Results and reports, written for machines (JSON, CSV) and for people (Markdown, terminal, HTML).

The page and its pictures need more packages and are imported by themselves: :mod:`facefake.reporting.html` and
:mod:`facefake.reporting.thumbnails`.
"""

from facefake.reporting.csv_file import CsvResults
from facefake.reporting.json_file import JsonResults, write_json
from facefake.reporting.markdown import write_markdown, write_report_markdown
from facefake.reporting.output import check_output, open_output
from facefake.reporting.report_csv import write_report_csv
from facefake.reporting.terminal import print_report, print_results

__all__ = [
    "CsvResults",
    "JsonResults",
    "check_output",
    "open_output",
    "print_report",
    "print_results",
    "write_json",
    "write_markdown",
    "write_report_csv",
    "write_report_markdown",
]
