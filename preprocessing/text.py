r"""Text that can leave the program: names of files as valid Unicode, and on one line for people.

Python keeps the bytes of a file name that are not UTF-8 as lone surrogates. Strict parsers, Parquet and most streams
refuse them, so that one such name would make a whole batch unreadable.
"""

from __future__ import annotations

import codecs
import os
import re

_LONE = re.compile("[\ud800-\udfff]")
_TO_NAME = re.compile(r"(\\*)([\udc80-\udcff])|(\\+)(?=x[89a-f][0-9a-f])")
_FROM_NAME = re.compile(r"(\\+)x([89a-f][0-9a-f])")


def valid_text(text: str) -> str:
    r"""``text`` with what is not Unicode written out, for messages and other prose; text that is valid stays as it is.

    Example:
        >>> valid_text("caf\udce9.mp4") == r"caf\xe9.mp4"
        True
    """
    return _LONE.sub(lambda match: _written_out(match[0]), text)


def name_text(name: str | os.PathLike[str]) -> str:
    r"""The name or path of a file as valid text that no other name has: what clips are called in every output.

    Bytes that are not UTF-8 stand as ``\xe9``. Where a name literally holds those four characters, its backslashes are
    doubled. Every other name stays as it is. :func:`name_of_text` is the inverse; do not apply it twice.

    Example:
        >>> name_text("caf\udce9.mp4") == r"caf\xe9.mp4"
        True
        >>> name_text(r"caf\xe9.mp4") == r"caf\\xe9.mp4"
        True
    """

    def escaped(match: re.Match[str]) -> str:
        if match[2]:
            return match[1] * 2 + _written_out(match[2])
        return match[3] * 2

    return valid_text(_TO_NAME.sub(escaped, os.fspath(name)))


def name_of_text(text: str) -> str:
    r"""The name that :func:`name_text` made ``text`` of, as the file system knows it.

    Example:
        >>> name_of_text(name_text("a\\\udce9\\xe9")) == "a\\\udce9\\xe9"
        True
    """

    def unescaped(match: re.Match[str]) -> str:
        slashes = "\\" * (len(match[1]) // 2)
        return slashes + (chr(0xDC00 + int(match[2], 16)) if len(match[1]) % 2 else f"x{match[2]}")

    return _FROM_NAME.sub(unescaped, text)


def visible(text: str) -> str:
    r"""``text`` on one line, with every character that does not print written out.

    Covers line breaks, terminal escape sequences, characters that reverse the reading order and bytes that are not
    UTF-8.

    Example:
        >>> print(visible("a\x1b[2J\nb\u202egpj.mp4"))
        a\x1b[2J\nb\u202egpj.mp4
    """
    text = valid_text(text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def write_out(error: UnicodeError) -> tuple[str, int]:
    """What a stream writes for characters that it cannot: the error handler called :data:`WRITE_OUT`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    escaped = (
        _written_out(each) if _LONE.match(each) else each.encode("unicode_escape").decode("ascii")
        for each in error.object[error.start : error.end]
    )
    return "".join(escaped), error.end


WRITE_OUT = "facefake.write_out"
codecs.register_error(WRITE_OUT, write_out)


def _written_out(half: str) -> str:
    code = ord(half)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
