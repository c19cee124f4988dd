import io
import tarfile

import pytest

from preprocessing.errors import FacefakeError
from preprocessing.pictures import MAX_PICTURE, MAX_UNPACKED, folders_of, numbers, open_archive, open_pictures
from tests.crops import png, state, write_crops, write_tar


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def code_of(path, member=None) -> str:
    with pytest.raises(FacefakeError) as caught, open_pictures(path, member):
        pass
    return caught.value.code


def test_nine_stands_before_ten_and_only_the_folders_own_pictures_are_its(tmp_path):
    for name in ("10.png", "9.png", "100.png", ".9.png", "note.txt", "below/1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    with open_pictures(tmp_path) as pictures:
        assert pictures.names == ["9.png", "10.png", "100.png"]


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_a_tarball_reads_as_its_folder_would_whether_it_is_compressed_or_only_named_so(tmp_path, mode):
    files = {f"./7/real/3/{number}.png": png(number) for number in (2, 10, 1)}
    path = write_tar(tmp_path / "7.tar.gz", {**files, "./7/real/4/1.png": png(99)}, mode=mode)
    with open_pictures(path, "7/real/3") as pictures:
        assert pictures.names == ["1.png", "2.png", "10.png"]
        assert pictures.read("10.png") == png(10)
    with open_archive(path) as archive:
        assert folders_of(archive, path) == ["7/real/3", "7/real/4"]


def test_nothing_of_a_tarball_reaches_the_disk(tmp_path):
    path = write_tar(tmp_path / "7.tar.gz", {"7/1.png": png(1)})
    before = state(tmp_path)
    with open_pictures(path, "7") as pictures:
        pictures.read("1.png")
    assert state(tmp_path) == before


@pytest.mark.parametrize(
    "member",
    [
        link("7/2.png", "/etc/passwd"),
        link("7/2.png", "../../secret.png"),
        link("7/2.png", "7/1.png", tarfile.LNKTYPE),
        link("7/2.png", "", tarfile.FIFOTYPE),
        tarfile.TarInfo("../7/2.png"),
        tarfile.TarInfo("/7/2.png"),
    ],
    ids=["absolute link", "link outside", "hard link", "pipe", "name outside", "absolute name"],
)
def test_a_tarball_with_an_odd_member_is_refused_whole(tmp_path, member):
    assert code_of(write_tar(tmp_path / "7.tar.gz", {"7/1.png": png(1)}, member), "7") == "crops_invalid"


def test_a_tarball_that_says_it_is_enormous_is_left_before_it_is_unpacked(tmp_path):
    # the header alone: the bytes it promises are never there to be read
    bomb = tarfile.TarInfo("7/zeros.bin")
    bomb.size = MAX_UNPACKED + 1
    path = tmp_path / "7.tar"
    path.write_bytes(bomb.tobuf() + bytes(1024))
    with pytest.raises(FacefakeError, match="would unpack to over") as caught, open_pictures(path, "7"):
        pass
    assert caught.value.code == "crops_invalid"


def test_a_cut_or_foreign_tarball_is_damage(tmp_path):
    path = write_tar(tmp_path / "7.tar.gz", {f"7/{number}.png": png(number) for number in range(9)})
    path.write_bytes(path.read_bytes()[:-2000])
    assert code_of(path, "7") == "crops_invalid"
    (tmp_path / "8.tar.gz").write_bytes(b"no tarball at all")
    assert code_of(tmp_path / "8.tar.gz", "8") == "crops_invalid"


def test_an_enormous_picture_is_not_read(tmp_path):
    with (tmp_path / "1.png").open("wb") as file:
        file.truncate(MAX_PICTURE + 1)
    with open_pictures(tmp_path) as pictures, pytest.raises(FacefakeError) as caught:
        pictures.read("1.png")
    assert caught.value.code == "too_large"


def test_what_holds_no_picture_says_so(tmp_path):
    write_crops(tmp_path / "video" / "deeper")
    assert code_of(tmp_path / "video") == "crops_invalid"
    assert code_of(tmp_path / "absent") == "not_found"
    assert code_of(write_tar(tmp_path / "7.tar.gz", {"7/1.png": png(1)}), "8") == "crops_invalid"
    assert code_of(tmp_path / "7.tar.gz") == "crops_invalid"


def test_frame_numbers_are_only_taken_from_names_that_keep_them_apart():
    assert numbers(["007.png", "012.png"]) == [7, 12]
    assert numbers(["seed0188.png", "seed0200.png"]) == [188, 200]
    assert numbers(["1.jpg", "1.png"]) == [0, 1]
    assert numbers(["a.png", "b.png"]) == [0, 1]
    assert numbers(["99999999999999999999.png"]) == [0]


def test_a_single_picture_is_a_clip_of_one(tmp_path):
    (tmp_path / "1.png").write_bytes(png(1))
    (tmp_path / "2.png").write_bytes(png(2))
    with open_pictures(tmp_path / "2.png") as pictures:
        assert pictures.names == ["2.png"]
        assert io.BytesIO(pictures.read("2.png")).getvalue() == png(2)
