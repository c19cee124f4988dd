"""Text of strangers, made safe to show: a file name may hold markup, escape sequences or line breaks."""

from __future__ import annotations

import re

from preprocessing.text import visible


def spreadsheet(text: str) -> str:
    """``text`` for a CSV cell that a spreadsheet must not run as a formula (OWASP: CSV injection).

    What begins with = + - or @ gets an apostrophe before it, by which spreadsheets know plain text.

    Example:
        >>> spreadsheet('=HYPERLINK("http://x")'), spreadsheet("a=b.mp4")
        ('\\'=HYPERLINK("http://x")', 'a=b.mp4')
    """
    text = visible(text)
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text


def markdown(text: str) -> str:
    r"""``text`` for a cell of a Markdown table, with nothing in it that Markdown or HTML would act on.

    Example:
        >>> print(markdown("a|b_<c>"))
        a\|b\_&lt;c&gt;
    """
    text = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]|#~!$])", r"\\\1", text)
