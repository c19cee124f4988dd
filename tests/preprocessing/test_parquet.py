"""Pictures in the rows of Parquet files."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from preprocessing import parquet
from preprocessing.errors import FacefakeError
from preprocessing.parquet import picture_bytes
from preprocessing.video import Limits

ROWS = [bytes([number]) * (1000 + number) for number in range(50)]
STRUCTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def write(path, pictures, column="image_data", **settings):
    table = pa.table({"label": [0] * len(pictures), column: pictures, "model_name": ["x"] * len(pictures)})
    pq.write_table(table, path, **{"row_group_size": 12, **settings})
    return path


def structures(rows):
    return pa.array([{"bytes": row, "path": None} for row in rows], STRUCTURE)


@pytest.fixture
def plain(tmp_path):
    return write(tmp_path / "plain.parquet", pa.array(ROWS, pa.binary()))


@pytest.fixture
def nested(tmp_path):
    return write(tmp_path / "nested.parquet", structures(ROWS), "image", compression="zstd")


@pytest.mark.parametrize("form", ["plain", "nested"])
@pytest.mark.parametrize("held", [1, 4000, 2**26])
def test_rows_are_what_was_written_in_whatever_order_they_are_asked_for(form, held, request, monkeypatch):
    monkeypatch.setattr(parquet, "HELD", held)
    path = request.getfixturevalue(form)
    assert [picture_bytes(path, str(row)) for row in range(50)] == ROWS
    order = [*np.random.default_rng(0).permutation(50).tolist(), 49, 49, 0, 12, 11]
    assert [picture_bytes(path, str(row)) for row in order] == [ROWS[row] for row in order]


def test_rows_in_order_are_decoded_once(plain, monkeypatch):
    opened = []
    iter_batches = pq.ParquetFile.iter_batches

    def counted(self, *args, **kwargs):
        opened.append(kwargs["row_groups"])
        return iter_batches(self, *args, **kwargs)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", counted)
    for row in range(50):
        picture_bytes(plain, str(row))
    assert [groups for groups in opened if groups] == [[0], [1], [2], [3], [4]]


def test_a_large_column_of_bytes_is_one_too(tmp_path):
    path = write(tmp_path / "large.parquet", pa.array(ROWS, pa.large_binary()), "picture")
    assert picture_bytes(path, "7") == ROWS[7]


def test_of_several_columns_of_bytes_the_one_called_image_is_meant(tmp_path):
    for name in ("image", "frames"):
        table = pa.table({"mask": pa.array([b"m"], pa.binary()), name: pa.array([b"i"], pa.binary())})
        pq.write_table(table, tmp_path / f"{name}.parquet")
    assert picture_bytes(tmp_path / "image.parquet", "0") == b"i"
    assert refusal(tmp_path / "frames.parquet")[0] == "unreadable"


def test_a_file_that_was_replaced_is_read_anew(plain):
    assert picture_bytes(plain, "3") == ROWS[3]
    write(plain, pa.array(ROWS[::-1], pa.binary()))
    assert picture_bytes(plain, "3") == ROWS[-4]


def refusal(path, row="0", limits=None):
    with pytest.raises(FacefakeError) as caught:
        picture_bytes(path, row, limits)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize("row", ["50", "-1", "99999999999"])
def test_a_row_that_is_not_there(plain, row):
    code, message = refusal(plain, row)
    assert code == "not_found"
    assert "50 rows" in message


def test_an_empty_table_has_no_rows(tmp_path):
    assert refusal(write(tmp_path / "empty.parquet", pa.array([], pa.binary())))[0] == "not_found"


def test_a_row_without_a_picture_is_named(tmp_path):
    path = write(tmp_path / "a.parquet", structures([b"x", None]), "image")
    assert refusal(path, "1") == ("unreadable", "a.parquet, row 1 holds no picture.")


def test_what_is_no_parquet_is_refused_by_its_bytes(tmp_path):
    (tmp_path / "a.parquet").write_text("path,label\n")
    assert refusal(tmp_path / "a.parquet")[0] == "unreadable"
    assert refusal(tmp_path / "b.parquet")[0] == "not_found"
    assert refusal(tmp_path)[0] == "not_a_file"


@pytest.mark.parametrize("form", ["plain", "nested"])
def test_a_damaged_file_is_an_error_in_words(form, request):
    """Cut off, or with bytes of its pages changed; what its end says of them is in tests/hostile."""
    path = request.getfixturevalue(form)
    whole, end = path.read_bytes(), path.read_bytes().index(b"image", -3000)
    rng, codes = np.random.default_rng(3), set()
    for attempt in range(100):
        data = bytearray(whole)
        if attempt % 2:
            del data[int(rng.integers(8, len(data))) :]
        else:
            for place in rng.integers(4, end, 6):
                data[place] = rng.integers(256)
        path.write_bytes(data)
        codes |= {outcome(path, row) for row in ("0", "11", "40")}
    assert codes <= {"read", "unreadable", "not_found", "too_large"}
    assert "unreadable" in codes


def outcome(path, row):
    try:
        picture_bytes(path, row)
    except FacefakeError as error:
        return error.code
    return "read"


def test_a_picture_over_the_limit_is_too_large(plain):
    assert refusal(plain, limits=Limits(bytes=100))[0] == "too_large"
