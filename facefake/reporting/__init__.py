"""Results and reports, written for machines (JSON, CSV) and for people (Markdown, terminal)."""

from facefake.reporting.csv_file import CsvResults, write_csv
from facefake.reporting.json_file import JsonResults, read_json, write_json, write_report
from facefake.reporting.markdown import markdown_report, write_markdown
from facefake.reporting.output import open_output
from facefake.reporting.terminal import print_report, print_results

__all__ = [
    "CsvResults",
    "JsonResults",
    "markdown_report",
    "open_output",
    "print_report",
    "print_results",
    "read_json",
    "write_csv",
    "write_json",
    "write_markdown",
    "write_report",
]
