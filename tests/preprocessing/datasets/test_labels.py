"""Labels as people and their programs write them, and files as their systems name them."""

import os
import unicodedata

import pytest

from preprocessing.datasets.folder import READER, from_paths
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets import trees

NFC, NFD = (unicodedata.normalize(form, "Björk.png") for form in ("NFC", "NFD"))


@pytest.fixture
def folder(tmp_path):
    return trees.touch(tmp_path / "mine", "a.png", "b.png", "sub/c.png")


def labels_of(folder, tmp_path, content):
    """Label by key, as the folder's reader has them from a labels file of this content."""
    file = tmp_path / "l.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return {clip.key: clip.label for clip in READER.read(folder, file).clips if clip.label is not None}


TABLE = "path,label\na.png,real\nb.png,fake\n"


@pytest.mark.parametrize(
    "content",
    [
        TABLE,
        TABLE.replace("\n", "\r\n"),
        TABLE.replace("\n", "\r"),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-be"),
        TABLE.replace(",", ";"),
        "sep=;\r\n" + TABLE.replace(",", ";"),
        TABLE.replace(",", "\t").encode("utf-16"),
        TABLE + ",\n,\n  ,  \n\n",
        "Path, LABEL \n a.png , REAL\nb.png,Fake \n",
        ",path,label,note\n0,a.png,0.0,\n1,b.png,1.0,\n",
        "path,label\n./a.png,0\n.\\b.png,1\n",
        TABLE + "a.png,real\n./b.png,fake\n",
        "path,label\nA.PNG,real\nB.Png,fake\n",
    ],
)
def test_every_way_a_program_writes_the_table_says_the_same(folder, tmp_path, content):
    assert labels_of(folder, tmp_path, content) == {"a.png": 0, "b.png": 1}


def test_absolute_paths_and_those_from_the_file_of_labels_are_taken(folder, tmp_path):
    text = f"path,label\n{folder}/a.png,real\nmine/b.png,fake\n{folder}/sub/../sub/c.png,fake\n"
    assert labels_of(folder, tmp_path, text) == {"a.png": 0, "b.png": 1, "sub/c.png": 1}
    (tmp_path / "link").symlink_to("mine")
    assert labels_of(tmp_path / "link", tmp_path, text) == {"a.png": 0, "b.png": 1, "sub/c.png": 1}


@pytest.mark.parametrize(("there", "written"), [(NFC, NFD), (NFD, NFC)])
def test_accents_may_be_letters_of_their_own_in_the_name_or_in_the_table(folder, tmp_path, there, written):
    trees.touch(folder, there)
    assert labels_of(folder, tmp_path, f"path,label\n{written},real\n") == {there: 0}


def test_of_names_that_differ_only_so_each_is_itself_and_a_third_is_neither(folder, tmp_path):
    trees.touch(folder, NFC, NFD, "A.png")
    assert labels_of(folder, tmp_path, f"path,label\n{NFC},real\n{NFD},fake\n") == {NFC: 0, NFD: 1}
    assert labels_of(folder, tmp_path, "path,label\nA.png,real\na.png,fake\n") == {"A.png": 0, "a.png": 1}
    with pytest.raises(FacefakeError, match=r"a\.PNG"):
        labels_of(folder, tmp_path, "path,label\na.PNG,real\n")


@pytest.mark.parametrize("written", [b"caf\xe9.png", "café.png".encode(), rb"caf\xe9.png"])
def test_a_name_that_is_not_utf8_may_be_written_as_it_is_in_unicode_or_as_it_is_shown(folder, tmp_path, written):
    (folder / os.fsdecode(b"caf\xe9.png")).touch()
    assert labels_of(folder, tmp_path, b"path,label\n" + written + b",fake\n") == {r"caf\xe9.png": 1}


def test_other_columns_of_a_table_that_is_not_utf8_are_in_the_code_page_of_windows(folder, tmp_path):
    (tmp_path / "l.csv").write_bytes("path,label,method\na.png,fake,Modèle\n".encode("cp1252"))
    assert READER.read(folder, tmp_path / "l.csv").clips[0].method == "Modèle"


def test_names_with_commas_quotes_line_breaks_and_spaces_are_names(folder, tmp_path):
    odd = ["a,b.png", 'say "hi".png', "two\nlines.png", " spaced .png", "back\\slash.png", "'.png", "x...png"]
    trees.touch(folder, *odd)
    rows = "".join(f'"{name.replace(chr(34), chr(34) * 2)}",real\n' for name in odd)
    assert labels_of(folder, tmp_path, "path,label\n" + rows) == dict.fromkeys(odd, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,label,label\na.png,real,1\n", "2 columns called label"),
        ("path,Label,label\na.png,real,1\n", "2 columns called label"),
        ("path,path,label\na.png,b.png,real\n", "2 columns called path"),
        ("path,label\n", "no row below its header"),
        ("path,label\n,\n", "no row below its header"),
        (",filename,label\n0,a.png,0\n", "no column path: its header has filename, label"),
        ("path,label\n,real\n", "line 2 has no path"),
        ("path,label\na.png,true\n", "line 2 has label 'true'; known are real or 0, fake or 1"),
        ("path,label\na,b.png,real\n", "The row has 3 cells, the header 2: put names with commas in quotes"),
        ("path,label\n/elsewhere/a.png,real\n", "not in"),
        ("path,label\na.png,real\nghost.png,fake\n", "1 file(s) that are not in"),
        ("path,label\na.png,real\nA.PNG,fake\n", "A.PNG"),
        ("path,label\nnotes.txt,real\n.hidden/x.png,fake\n", "left out: notes.txt (not media), .hidden/x.png (hidden)"),
    ],
)
def test_what_cannot_be_is_said_with_its_line(folder, tmp_path, text, words):
    trees.touch(folder, "notes.txt", ".hidden/x.png")
    with pytest.raises(FacefakeError) as caught:
        labels_of(folder, tmp_path, text)
    assert caught.value.code == "labels_invalid"
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"PK\x03\x04rest", "Excel workbook"), (b"path,label\n\0\0,real\n", "cannot be"), (b"\xff\xfea", "cannot be")],
)
def test_a_file_that_is_no_table_is_refused(folder, tmp_path, content, words):
    with pytest.raises(FacefakeError, match=words):
        labels_of(folder, tmp_path, content)


def test_a_table_nobody_asked_for_never_ends_a_run(folder):
    (folder / "labels.csv").write_text(",filename,label\n0,a.mp4,0\n")
    named = from_paths([folder, folder / "sub"])
    assert [clip.label for clip in named.clips] == [None] * 4
    assert any("labels were not read" in note and "no column path" in note for note in named.notes)


def test_of_a_table_nobody_asked_for_what_is_there_is_taken_and_the_rest_is_said(folder):
    (folder / "labels.csv").write_text("path,label\na.png,fake\ngone.png,real\n")
    found = READER.read(folder)
    assert {clip.key: clip.label for clip in found.clips} == {"a.png": 1, "b.png": None, "sub/c.png": None}
    assert "1 file(s) that are not in" in found.notes[0]
    assert "gone.png" in found.notes[0]


def test_the_table_itself_is_not_left_out(folder, tmp_path):
    for file in (folder / "labels.csv", folder / "mine.csv"):
        file.write_text(TABLE)
    assert [each.path.name for each in READER.read(folder).left_out] == ["mine.csv"]
    assert [each.path.name for each in READER.read(folder, folder / "mine.csv").left_out] == ["labels.csv"]
