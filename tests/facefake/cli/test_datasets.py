import json
import resource
import shutil
import subprocess
import sys

import pytest
from PIL import Image

from facefake.cli import main
from preprocessing.datasets import READERS, Found, Official, Reader
from preprocessing.releases.protocol import Protocol
from tests.clips import write_video
from tests.crops import png, state
from tests.preprocessing.datasets import trees
from tests.preprocessing.datasets.picture_lists import write_csv
from tests.preprocessing.datasets.picture_releases import ufd

HEAVY = {"torch", "cv2", "av", "decord", "facenet_pytorch", "open_clip", "pyarrow", "sklearn", "scipy", "numpy"}


@pytest.fixture
def run(capsys):
    """Exit code, stdout and stderr of a command."""

    def run_command(*args):
        with pytest.raises(SystemExit) as ended:
            main([str(arg) for arg in args])
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run_command


@pytest.fixture
def celebdf(tmp_path):
    """The miniature with videos that play."""
    root = trees.celebdf(tmp_path / "celebdf")
    for length, path in enumerate(sorted(root.rglob("*.mp4")), start=3):
        write_video(path, frames=length, size=(64, 48))
    return root


@pytest.fixture
def whole(tmp_path, monkeypatch):
    """The root of a data set of which everything is there."""
    labels = tmp_path / "whole" / "labels.csv"
    labels.parent.mkdir()
    labels.write_text("path,label,split\na.mp4,real,test\n")
    write_video(labels.parent / "a.mp4", frames=3, size=(64, 48))
    folder = READERS["folder"]
    reader = Reader("whole", "a whole set", lambda root: folder.find(root), official=(Official("real", "test", 1),))
    monkeypatch.setitem(READERS, "whole", reader)
    return labels.parent


# ---------------------------------------------------------------- the list


def test_every_reader_is_listed_with_terms_link_counts_and_form(run):
    code, out, _ = run("datasets")
    assert code == 0
    for reader in READERS.values():
        assert f"{reader.name}  {reader.title}" in out
        assert reader.licence in out
        assert reader.link in out
    assert "officially 890 real, 5,639 fake (train 6,011, test 518)" in out


def test_videos_face_crops_and_whole_pictures_are_listed_apart(run):
    _, out, _ = run("datasets")
    _, videos = out.split("Videos\n")
    videos, crops = videos.split("Face crops\n")
    crops, pictures = crops.split("Whole pictures\n")
    for name, reader in READERS.items():
        block = pictures if reader.pictures else crops if reader.crops else videos
        assert f"{name}  {reader.title}\n" in block


def test_the_list_says_where_each_is_or_was_looked_for(run, tmp_path, monkeypatch):
    (tmp_path / "b" / "celebdf").mkdir(parents=True)
    monkeypatch.setenv("FACEFAKE_DATA", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    _, out, _ = run("datasets")
    assert f"is at {tmp_path / 'b' / 'celebdf'}\n" in out
    assert f"not at {tmp_path / 'a' / 'uadfv'}, {tmp_path / 'b' / 'uadfv'}, data/uadfv\n" in out


def test_the_json_of_the_list_has_all_of_it_and_nothing_else_is_on_stdout(run):
    code, out, _ = run("datasets", "--json", "-")
    assert code == 0
    listed = {row["name"]: row for row in json.loads(out)["datasets"]}
    assert set(listed) == set(READERS)
    assert [listed[name]["form"] for name in ("ffpp", "frames", "progan")] == ["videos", "crops", "pictures"]
    assert listed["ffpp"]["clips"] == {"real": 1000, "fake": 5000, "splits": {"train": 4320, "val": 840, "test": 840}}
    assert listed["uadfv"]["official"] == [
        {"method": "real", "split": "test", "label": 0, "clips": 49},
        {"method": "fake", "split": "test", "label": 1, "clips": 49},
    ]
    assert listed["folder"]["clips"] == {"real": None, "fake": None, "splits": {}}


def test_the_list_imports_nothing_heavy():
    code = (
        "import sys\nfrom facefake.cli import main\ntry:\n    main(['datasets'])\n"
        f"finally:\n    print(sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


def test_the_list_costs_less_than_half_a_second():
    def cost():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "facefake", "datasets"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    # of processor time, for another process may have the processor
    assert min(cost() for _ in range(3)) < 0.5


# ---------------------------------------------------------------- check


def test_a_complete_and_sound_set_ends_with_0(run, whole):
    code, out, _ = run("datasets", "check", "whole", whole, "--workers", 1)
    assert code == 0
    assert "1 clips here, 0 missing; sound." in out


def test_an_incomplete_set_ends_with_3_and_says_what_is_missing(run, celebdf):
    (celebdf / "Celeb-synthesis/id1_id0_0007.mp4").unlink()
    code, out, _ = run("datasets", "check", "celebdf", celebdf, "--workers", 1)
    assert code == 3
    assert "Celeb-synthesis │ test  │      340 │    0 │     340" in out
    assert "listed by the release and not there: 1\n  Celeb-synthesis/id1_id0_0007.mp4\n" in out
    assert "3 clips here, 6,526 missing; sound." in out


def test_a_file_that_does_not_open_ends_with_1_also_where_some_are_missing(run, celebdf):
    (celebdf / "Celeb-real/id2_0001.mp4").write_text("Dear editor,")
    code, out, _ = run("datasets", "check", "celebdf", celebdf, "--workers", 1)
    assert code == 1
    assert "do not open: 1\n  Celeb-real/id2_0001.mp4 [not_a_video]" in out
    assert "not sound" in out


def test_bytes_called_real_and_fake_end_with_1(run, celebdf):
    shutil.copy(celebdf / "Celeb-real/id2_0001.mp4", celebdf / "Celeb-synthesis/id2_id3_0001.mp4")
    code, out, _ = run("datasets", "check", "celebdf", celebdf, "--workers", 1)
    assert code == 1
    assert "Celeb-real/id2_0001.mp4 = Celeb-synthesis/id2_id3_0001.mp4 (called real and fake)" in out


def test_whole_pictures_are_decoded_one_by_one(run, tmp_path):
    root = ufd(tmp_path / "ufd")
    trees.touch(root, "ldm_100/1_fake/d.jpg")
    for name, content in {
        "guided/1_fake/a.png": png(0),
        "guided/1_fake/cut.png": png(1)[:200],
        "imagenet/0_real/c.jpg": png(2),
        "laion/0_real/d.jpg": png(3),
        "ldm_100/1_fake/d.jpg": png(3),
    }.items():
        (root / name).write_bytes(content)
    code, out, _ = run("datasets", "check", "ufd", root, "--workers", 1)
    assert code == 1
    assert "do not open: 2\n  guided/1_fake/cut.png [unreadable]" in out
    assert "  ldm_200_cfg/1_fake/b.png [empty_file]" in out
    assert "laion/0_real/d.jpg = ldm_100/1_fake/d.jpg (called real and fake)" in out
    assert "6 clips here, 9,994 missing; not sound." in out


def test_a_format_that_tells_real_from_fake_is_said(run, tmp_path):
    rows = [f"{number}.png,{'dalle3' if number % 2 else 'real'}" for number in range(30)]
    write_csv(tmp_path / "list.csv", rows)
    for number in range(30):
        Image.new("RGB", (32, 32), number).save(tmp_path / f"{number}.png", "PNG" if number % 2 else "JPEG")
    code, out, _ = run("datasets", "check", "gripunina", tmp_path)
    assert code == 0
    assert (
        "real and fake can be told without a look at the picture: 1\n"
        "  file format alone is right in 100 % (chance: 50 %): 100 % of 15 fakes are PNG, and 0 % of 15 reals\n"
    ) in out


def test_quick_says_that_it_looked_into_no_file(run, tmp_path):
    code, out, _ = run("datasets", "check", "celebdf", trees.celebdf(tmp_path / "empty"), "--quick")
    assert code == 3
    assert "the contents of files were not looked at (--quick)" in out


def test_the_terminal_shows_the_first_few_and_the_json_all(run, tmp_path):
    root = trees.ffpp(tmp_path / "ffpp")
    _, out, _ = run("datasets", "check", "ffpp", root, "--quick", "--json", tmp_path / "check.json")
    report = json.loads((tmp_path / "check.json").read_text())
    assert len(report["absent"]) == 11_975
    assert "... and 11970 more; --json names them all" in out
    assert sum(key in out for key in report["absent"]) == 5


def test_with_json_on_stdout_there_is_nothing_else_there(run, tmp_path):
    code, out, _ = run("datasets", "check", "celebdf", trees.celebdf(tmp_path), "--quick", "--json", "-")
    report = json.loads(out)
    assert code == 3
    assert (report["kind"], report["dataset"], report["complete"]) == ("dataset_check", "celebdf", False)
    assert report["missing"] == 890 + 5639 - 4


def test_names_from_the_disk_cannot_steer_the_terminal(run, tmp_path):
    trees.touch(tmp_path / "set", "a\x1b[31m\nb[bold].mp4")
    _, out, _ = run("datasets", "check", "folder", tmp_path / "set", "--quick")
    assert r"a\x1b[31m\nb[bold].mp4" in out


def test_the_root_is_found_by_name_in_one_of_several(run, tmp_path, monkeypatch):
    root = trees.celebdf(tmp_path / "b" / "celebdf")
    monkeypatch.setenv("FACEFAKE_DATA", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    code, out, _ = run("datasets", "check", "celebdf", "--quick")
    assert code == 3
    assert f"Celeb-DF v2 in {root}\n" in out


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["check", "celbdf"], "dataset_unknown"),
        (["check", "celebdf", "nowhere"], "dataset_not_found"),
        (["check", "ffpp"], "dataset_not_found"),
        (["check", "folder", "EMPTY"], "no_videos"),
        (["check", "celebdf", "CELEBDF", "--json", "CELEBDF/check.json"], "usage"),
        (["protocol", "celebdf", "CELEBDF", "--out", "CELEBDF/List_of_testing_videos.txt"], "usage"),
        (["protocol", "celebdf", "CELEBDF", "--out", "p.csv", "--split", "val"], "split_empty"),
        (["protocol", "celebdf", "CELEBDF", "--out", "p.csv", "--method", "FaceSwap"], "split_empty"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_its_code(run, tmp_path, monkeypatch, args, code):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FACEFAKE_DATA", raising=False)
    (tmp_path / "EMPTY").mkdir()
    before = state(trees.celebdf(tmp_path / "CELEBDF"))
    ended, out, err = run("datasets", *args)
    assert ended == 2
    assert f"error [{code}]" in err
    assert out == ""
    assert state(tmp_path / "CELEBDF") == before


def test_no_command_writes_to_the_data(run, celebdf, tmp_path):
    before = state(celebdf)
    run("datasets", "check", "celebdf", celebdf, "--json", tmp_path / "check.json", "--workers", 1)
    run("datasets", "protocol", "celebdf", celebdf, "--out", tmp_path / "p.csv")
    assert state(celebdf) == before


# ---------------------------------------------------------------- protocol


def test_the_protocol_is_written_and_its_facts_are_said(run, tmp_path):
    root = trees.ffpp(tmp_path / "ffpp")
    out = tmp_path / "p.csv"
    code, said, _ = run(
        *("datasets", "protocol", "ffpp", root, "--out", out),
        *("--split", "test", "--compression", "c23", "--method", "youtube", "--method", "Deepfakes"),
    )
    assert code == 0
    protocol = Protocol.read(out)
    assert {entry.method for entry in protocol.entries} == {"youtube", "Deepfakes"}
    assert protocol.facts()["splits"] == {"test": 280}
    assert f"ffpp version 1, 280 clips (test 280)\nsha256 {protocol.sha256}\n" in said
    assert "278 of them are listed by the release and not there" in said


def test_without_a_method_the_protocol_has_those_of_the_reader(run, tmp_path):
    run(
        *("datasets", "protocol", "ffpp", trees.ffpp(tmp_path / "ffpp"), "--out", tmp_path / "p.csv"),
        *("--split", "test", "--compression", "c23"),
    )
    methods = {entry.method for entry in Protocol.read(tmp_path / "p.csv").entries}
    assert methods == set(READERS["ffpp"].methods)


def test_a_correction_of_a_reader_makes_another_protocol(run, tmp_path, monkeypatch):
    root = trees.celebdf(tmp_path / "celebdf")
    run("datasets", "protocol", "celebdf", root, "--out", tmp_path / "1.csv")
    reader = READERS["celebdf"]

    def corrected(root):
        found = reader.find(root)
        return Found(found.clips[1:], found.absent)

    monkeypatch.setitem(READERS, "celebdf", Reader("celebdf", reader.title, corrected, version=reader.version + 1))
    run("datasets", "protocol", "celebdf", root, "--out", tmp_path / "2.csv")
    first, second = (Protocol.read(tmp_path / f"{version}.csv") for version in (1, 2))
    assert (first.version, second.version) == (reader.version, reader.version + 1)
    assert first.sha256 != second.sha256


@pytest.mark.parametrize("command", [["datasets"], ["datasets", "check"], ["datasets", "protocol"]])
def test_each_explains_itself_with_a_worked_example(run, command):
    code, out, _ = run(*command, "--help")
    assert code == 0
    assert f"facefake {' '.join(command)}" in out.split("Options:")[0].split("Usage:")[1].partition("\n")[2]
