import itertools

import pytest

from preprocessing.errors import FacefakeError
from preprocessing.text import WRITE_OUT, name_of_text, name_text, valid_text, visible


def test_no_two_names_have_one_text_and_each_can_be_told_from_it():
    letters = ("\\", "x", "e", "9", "\udce9", "é")
    names = ["".join(name) for length in range(6) for name in itertools.product(letters, repeat=length)]
    texts = [name_text(name) for name in names]
    assert len(set(texts)) == len(names)
    assert [name_of_text(text) for text in texts] == names
    "".join(texts).encode("utf-8")


@pytest.mark.parametrize("name", ["日本 é.mp4", "a\nb\t.mp4", "C:\\clips\\new\\x1.mp4", " . ", "it's \u202e.png"])
def test_a_name_that_is_valid_stays_as_it_is(name):
    assert name_text(name) == valid_text(name) == name


def test_what_does_not_print_is_written_out():
    assert visible("a\nb\x1b[2J\udce9\u202e") == r"a\nb\x1b[2J\xe9\u202e"


def test_a_stream_writes_out_what_it_cannot_encode():
    text = "caf\udce9 é 🎬 \ud800"
    assert text.encode("utf-8", WRITE_OUT).decode() == r"caf\xe9 é 🎬 \ud800"
    assert text.encode("ascii", WRITE_OUT) == rb"caf\xe9 \xe9 \U0001f3ac \ud800"


def test_an_error_names_a_file_in_valid_text():
    error = FacefakeError("empty_file", "caf\udce9.mp4 has zero bytes", "Look at caf\udce9.mp4.")
    assert (error.message, str(error), error.hint) == (
        *[r"caf\xe9.mp4 has zero bytes"] * 2,
        r"Look at caf\xe9.mp4.",
    )
