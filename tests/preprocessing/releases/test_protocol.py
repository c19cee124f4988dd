import csv
from dataclasses import replace
from pathlib import Path

import pytest

from preprocessing.datasets import get_reader, select
from preprocessing.errors import FacefakeError
from preprocessing.releases.protocol import Entry, Protocol
from tests.preprocessing.datasets import trees

# What is pinned here was published: figures of reports speak of it. A new hash is a new version.
PINNED = {("ffpp", 1): "fa9d45ff9e24fbc7996a7ba5bc54f07f012bcf21adf8ed64f3984fd997e64715"}


def protocol_of(name, root, **selected):
    found = select(get_reader(name).read(root), **selected)
    return Protocol.of(get_reader(name), [*found.clips, *found.absent])


@pytest.fixture
def protocol(tmp_path):
    return protocol_of("celebdf", trees.celebdf(tmp_path / "celebdf"))


def test_the_protocol_of_ffpp_changes_only_with_its_version(tmp_path):
    reader = get_reader("ffpp")
    protocol = protocol_of("ffpp", trees.ffpp(tmp_path), methods=reader.methods, compressions=("c23",))
    assert protocol.facts()["splits"] == {"test": 700, "train": 3600, "val": 700}
    assert PINNED.get(("ffpp", reader.version)) == protocol.sha256, (
        "A label, split, pair or key of the FF++ c23 protocol changed, or its reader's version did. If it is a "
        "correction, raise READER.version in preprocessing/datasets/ffpp.py, pin the new hash beside the old one, and "
        "say in the changelog what was wrong."
    )


def test_it_does_not_depend_on_what_was_downloaded_of_a_listed_release(tmp_path):
    trees.touch(tmp_path / "one", "original_sequences/youtube/c23/videos/000.mp4")
    trees.touch(tmp_path / "other", "manipulated_sequences/FaceSwap/c23/videos/071_054.mp4")
    assert protocol_of("ffpp", tmp_path / "one").sha256 == protocol_of("ffpp", tmp_path / "other").sha256


def test_the_hash_knows_every_field_the_data_set_and_the_version(protocol):
    first = protocol.entries[0]
    changed = [
        replace(first, key="other.mp4"),
        replace(first, label=1 - first.label),
        replace(first, label=None),
        replace(first, split="val"),
        replace(first, split=None),
        replace(first, method="other"),
        replace(first, pair=None),
        replace(first, compression="c23"),
    ]
    others = [replace(protocol, entries=(entry, *protocol.entries[1:])) for entry in changed]
    others += [replace(protocol, version=protocol.version + 1), replace(protocol, dataset="celebdf1")]
    others += [replace(protocol, entries=protocol.entries[1:])]
    assert len({protocol.sha256, *(other.sha256 for other in others)}) == len(others) + 1


def test_the_order_of_the_clips_does_not_matter(protocol):
    assert replace(protocol, entries=protocol.entries[::-1]).sha256 == protocol.sha256


def test_a_key_in_two_entries_is_refused():
    entry = Entry("a.mp4", 0, "test", "real", None, None)
    with pytest.raises(FacefakeError, match=r"names a\.mp4 twice") as caught:
        Protocol("toy", 1, (entry, replace(entry, label=1)))
    assert caught.value.code == "protocol_mismatch"


def test_a_file_reads_back_as_it_was_written(protocol, tmp_path):
    protocol.write(tmp_path / "p.csv")
    again = Protocol.read(tmp_path / "p.csv")
    assert again == protocol
    assert again.facts() == protocol.facts()


def test_odd_names_survive_the_file(tmp_path):
    names = ["a,b.mp4", 'say "hi".mp4', "new\nline.mp4", "return\r.mp4", "# no comment.mp4", "日本.mp4", "\udcff", " x"]
    protocol = Protocol("toy", 3, tuple(Entry(name, None, None, "real", None, None) for name in names))
    protocol.write(tmp_path / "p.csv")
    assert Protocol.read(tmp_path / "p.csv") == protocol


def test_the_file_is_a_table_behind_one_comment(protocol, tmp_path):
    protocol.write(tmp_path / "p.csv")
    comment, *table = (tmp_path / "p.csv").read_text().splitlines()
    assert comment == f"# facefake protocol: dataset=celebdf version=2 sha256={protocol.sha256}"
    rows = {row["key"]: row for row in csv.DictReader(table)}
    assert rows["Celeb-synthesis/id1_id0_0007.mp4"] == {
        "key": "Celeb-synthesis/id1_id0_0007.mp4",
        "label": "1",
        "split": "test",
        "method": "Celeb-synthesis",
        "pair": "id1_0007",
        "compression": "",
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("id1_0007.mp4,0,test", "id1_0007.mp4,1,test"),
        ("id1_0007.mp4,0,test", "id1_0007.mp4,0,train"),
        ("version=2", "version=1"),
        ("dataset=celebdf", "dataset=celebdf1"),
        ("id1_0007.mp4,0,test", "id1_0007.mp4,real,test"),
        ("id1_0007.mp4,0,test,", "id1_0007.mp4,0,test,more,"),
        ("key,label", "label,key"),
        ("# facefake protocol", "# my protocol"),
    ],
)
def test_a_file_edited_by_hand_is_refused(protocol, tmp_path, old, new):
    path = tmp_path / "p.csv"
    protocol.write(path)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(FacefakeError) as caught:
        Protocol.read(path)
    assert caught.value.code == "protocol_mismatch"


def test_a_removed_line_an_empty_file_and_one_of_bytes_are_refused(protocol, tmp_path):
    path = tmp_path / "p.csv"
    protocol.write(path)
    shortened = "\n".join(path.read_text().splitlines()[:-1]).encode()
    for data in (shortened, b"", b"\x00\x01\xff" * 100, b"key,label\n"):
        path.write_bytes(data)
        with pytest.raises(FacefakeError) as caught:
            Protocol.read(path)
        assert caught.value.code == "protocol_mismatch"


def test_a_missing_file_and_a_folder_are_not_found(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(FacefakeError) as caught:
            Protocol.read(path)
        assert caught.value.code == "not_found"


def test_a_file_that_cannot_be_written_is_an_error(protocol, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FacefakeError) as caught:
        protocol.write(Path(tmp_path / "file" / "p.csv"))
    assert caught.value.code == "not_writable"
