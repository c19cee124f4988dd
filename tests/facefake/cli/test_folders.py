"""Folders as people have them: odd names, odd files, stores among the videos, labels without splits."""

import csv
import json
import os
import unicodedata
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from skimage.data import astronaut

from facefake.training import load_config
from preprocessing.clip import FAKE, REAL
from preprocessing.faces import CropGeometry
from tests.facefake.cli.conftest import command
from tests.facefake.detectors import PICTURES, random_detector

ODD = [
    *(b"caf\xe9.png", rb"caf\xe9.png", b"caf\xe8.png", b"\xff.png", b"two\nlines\t.png", b'it\'s "x".png', b" .png"),
    *("\u202egnp.exe.png".encode(), b"-rf.png", b"=1+1.png", b"CON.png", b"x" * 251 + b".png", b"a\x1b[2J.png"),
]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("bench")
    return SimpleNamespace(
        faces=random_detector(root / "faces.safetensors", CropGeometry(size=32)),
        pictures=random_detector(root / "pictures.safetensors", PICTURES),
    )


def image(path, seed=0):
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (48, 40, 3), np.uint8)).save(path, "PNG")


def strict(text):
    """JSON as other parsers take it: without lone surrogates."""

    def valid(value):
        if isinstance(value, dict):
            return all(valid(each) for pair in value.items() for each in pair)
        if isinstance(value, list):
            return all(map(valid, value))
        return not isinstance(value, str) or value.encode("utf-8") is not None

    document = json.loads(text, parse_constant=pytest.fail)
    assert valid(document)
    return document


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A folder whose own name is not UTF-8 either, with one image under each odd name."""
    root = tmp_path_factory.mktemp("odd") / os.fsdecode(b"in\xe9")
    root.mkdir()
    for number, name in enumerate(ODD):
        image(root / "plain", number)
        os.rename(root / "plain", os.path.join(os.fsencode(root), name))
    return root


def test_a_folder_of_odd_names_is_scored_and_every_output_is_valid_text(odd, bench, tmp_path):
    forms = [option for form in ("json", "csv", "markdown", "html") for option in (f"--{form}", tmp_path / f"r.{form}")]
    done = command("score", odd, "--detector", bench.pictures, "--workers", 1, *forms)
    assert done.returncode == 0
    for form in ("json", "csv", "markdown", "html"):
        text = (tmp_path / f"r.{form}").read_bytes().decode("utf-8")
        assert r"caf\xe9.png" in text.replace("\\\\", "\\")
        assert "\x1b" not in text
    results = strict((tmp_path / "r.json").read_text())["results"]
    assert len({result["path"] for result in results}) == len(ODD)
    assert {result["status"] for result in results} == {"scored"}
    with (tmp_path / "r.csv").open(newline="") as file:
        assert len({row["path"] for row in csv.DictReader(file)}) == len(ODD)


def test_a_folder_of_odd_names_is_extracted_once_and_checked(odd, tmp_path):
    words = ("extract", odd, "--out", tmp_path / "store", "--frames", "uniform:2", "--workers", 1)
    first, second = command(*words), command(*words)
    assert (first.returncode, second.returncode) == (0, 0)
    assert f"0 clips extracted, {len(ODD)} already there" in second.stderr
    clips = pq.read_table(tmp_path / "store" / "clips.parquet")["clip"].to_pylist()
    assert len(set(clips)) == len(ODD)
    assert {r"caf\xe9.png", r"caf\\xe9.png", r"caf\xe8.png"} < set(clips)
    again = command("datasets", "check", "store", tmp_path / "store", "--json", "-")
    assert {*strict(again.stdout)["unlabelled"]} == {*clips}
    done = command("datasets", "check", "folder", odd, "--json", "-", "--workers", 1)
    assert {*strict(done.stdout)["unlabelled"]} == {*clips}


def test_an_error_about_an_odd_name_is_kept_in_the_store(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / os.fsdecode(b"caf\xe9.mp4")).touch()
    for _ in range(2):
        done = command("extract", tmp_path / "in", "--out", tmp_path / "store", "--workers", 1)
        assert done.returncode == 1
        assert r"error [empty_file] caf\xe9.mp4: " in done.stderr
    assert "\udce9" not in done.stderr


def test_every_file_of_a_folder_has_a_result_or_is_named(bench, tmp_path):
    root = tmp_path / "in"
    (root / "deep").mkdir(parents=True)
    image(root / "a.png")
    for name in ("b.jfif", "c.jpe", "d.jpg_large", "e"):
        (root / name).write_bytes((root / "a.png").read_bytes())
    (tmp_path / "disk2").mkdir()
    image(tmp_path / "disk2" / "z.png")
    (root / "linked").symlink_to("../disk2")
    (root / "loop").symlink_to(".")
    (root / "annexed.mp4").symlink_to("/not/mounted.mp4")
    (root / "deep" / "notes.txt").write_text("words")
    (root / "deep" / ".hidden").write_text("words")
    (root / "empty.dat").touch()
    done = command("score", root, "--detector", bench.pictures, "--workers", 1, "--json", tmp_path / "r.json")
    assert done.returncode == 1
    document = strict((tmp_path / "r.json").read_text())
    found = {os.path.relpath(result["path"], root): result for result in document["results"]}
    assert found.keys() == {"a.png", "annexed.mp4", "b.jfif", "c.jpe", "d.jpg_large", "e", "linked/z.png"}
    assert found["annexed.mp4"]["error"]["code"] == "not_found"
    assert document["left_out"] == {
        "empty": [str(root / "empty.dat")],
        "hidden": [str(root / "deep" / ".hidden")],
        "loop": [str(root / "loop")],
        "not_media": [str(root / "deep" / "notes.txt")],
    }
    assert "4 left out: 1 not media (.txt 1), 1 hidden, 1 empty" in done.stderr
    report = command("report", tmp_path / "r.json", "--json", tmp_path / "again.json")
    assert "labels_missing" in report.stderr  # so it was read
    checked = command("datasets", "check", "folder", root, "--quick", "--json", "-")
    assert strict(checked.stdout)["left_out"] == document["left_out"]


def test_labels_may_name_any_file_that_is_scored(bench, tmp_path):
    root = tmp_path / "in"
    (root / "real").mkdir(parents=True)
    image(root / "e")
    image(root / unicodedata.normalize("NFD", "Björk.png"), 1)
    (root / "linked").symlink_to("real")
    image(root / "real" / "z.jfif", 2)
    labels = tmp_path / "l.csv"
    labels.write_text(f"path;label\n{root}/e;real\nBjörk.png;fake\nlinked/z.jfif;fake\n;\n", encoding="utf-16")
    options = ("--detector", bench.pictures, "--workers", 1, "--json", tmp_path / "r.json")
    done = command("score", root, "--labels", labels, *options)
    assert done.returncode == 0, done.stderr
    labelled = [(result["kind"], result["label"]) for result in strict((tmp_path / "r.json").read_text())["results"]]
    assert sorted(labelled) == [("image", 0), ("image", 1), ("image", 1)]


def test_a_store_among_the_videos_is_never_taken_for_some(bench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(astronaut()).save("a.png")
    options = ("--frames", "uniform:2", "--workers", 1)
    for times in range(3):
        done = command("extract", ".", *options)
        assert f"{0 if times else 1} clips extracted, {1 if times else 0} already there" in done.stderr
        assert ("store/folder/ is a face store of facefake and was passed over" in done.stderr) == (times > 0)
    done = command("score", ".", "--detector", bench.pictures, "--workers", 1, "--json", "r.json")
    document = strict((tmp_path / "r.json").read_text())
    assert [result["path"] for result in document["results"]] == ["a.png"]
    assert document["left_out"]["face_store"] == ["store/folder"]
    for place in ("store/folder", "store/folder/folder/unlabelled"):
        for words in (
            ("score", place, "--detector", bench.pictures),
            ("extract", place),
            ("datasets", "check", "folder"),
        ):
            done = command(*words, *([place] if words[0] == "datasets" else []), "--workers", 1)
            assert done.returncode in (1, 2)
            assert "--dataset store --data" in " ".join(done.stderr.split())


def test_a_store_that_is_named_as_the_data_set_is_scored(bench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(astronaut()).save("a.png")
    assert command("extract", ".", "--frames", "uniform:2", "--workers", 1).returncode == 0
    done = command(
        *("score", "--dataset", "store", "--data", "store/folder", "--detector", bench.faces),
        *("--foreign-crops", "--json", "s.json"),
    )
    assert done.returncode == 0, done.stderr
    assert [result["status"] for result in strict((tmp_path / "s.json").read_text())["results"]] == ["scored"]


TINY = (
    *("--set", "backbone.name=tiny-vit", "--set", "backbone.weights=random:0", "--set", "data.batch_size=2"),
    *("--set", "trainer.epochs=1", "--device", "cpu", "--workers", 1),
)


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """Twelve portraits, every other one called fake, and a table of them without splits."""
    root = tmp_path_factory.mktemp("mine") / "mine"
    root.mkdir()
    portrait = Image.fromarray(astronaut()).resize((256, 256))
    for number in range(12):
        portrait.rotate(number - 6).save(root / f"{number}.png")
    (root.parent / "mine.csv").write_text(
        "path,label\n" + "".join(f"{number}.png,{('real', 'fake')[number % 2]}\n" for number in range(12))
    )
    return root


@pytest.mark.parametrize("path", ["face", "image"])
def test_a_folder_with_labels_alone_trains_as_the_help_shows(mine, tmp_path, path):
    faces = ("--frames", "uniform:1", "--store", tmp_path / "store") if path == "face" else ()
    done = command(
        *("train", "--dataset", "folder", "--data", mine, "--labels", mine.parent / "mine.csv", "--path", path),
        *("--config", "face-ln", "--out", tmp_path / "run", *faces, *TINY),
    )
    assert done.returncode == 0, done.stderr
    called = "clips" if path == "face" else "pictures"
    assert "the set has no splits" in done.stderr
    assert (
        f"4 of train are held out as one\ntrain: 4 real, 4 fake {called}\nval: 2 real, 2 fake {called}" in done.stderr
    )
    assert load_config(tmp_path / "run" / "config.yaml").strategy == "ln"


def refused(mine, tmp_path, text, *options):
    (tmp_path / "l.csv").write_text(text)
    words = ("train", "--dataset", "folder", "--data", mine, "--labels", tmp_path / "l.csv", *options)
    done = command(*words, "--out", tmp_path / "run", "--store", tmp_path / "store", *TINY)
    assert done.returncode == 2
    assert not (tmp_path / "store").exists()
    return done.stderr


def test_rows_without_a_split_among_others_are_counted(mine, tmp_path):
    rows = [f"{number}.png,{number % 2},{'train' if number < 4 else ''}" for number in range(12)]
    rows[0], rows[1] = "0.png,0,train", "1.png,0,train"
    rows[2] = "2.png,0,val"  # so that there is one fake left, and training is refused after this is said
    said = refused(mine, tmp_path, "path,label,split\n" + "\n".join(rows))
    assert "8 of 12 labelled clips have no split and are left out" in said


@pytest.mark.parametrize(
    ("split", "words"), [("val", "'train' holds nothing labelled; there are splits: val"), ("test", "splits: test")]
)
def test_a_table_without_training_rows_is_refused_before_any_work(mine, tmp_path, split, words):
    rows = [f"{number}.png,{number % 2},{split}" for number in range(12)]
    assert words in refused(mine, tmp_path, "path,label,split\n" + "\n".join(rows))


def test_a_class_that_cannot_be_in_both_splits_is_named_before_any_work(mine, tmp_path):
    rows = [f"{number}.png,{FAKE if number == 3 else REAL}" for number in range(12)]
    assert "there is one fake clip" in refused(mine, tmp_path, "path,label\n" + "\n".join(rows))
