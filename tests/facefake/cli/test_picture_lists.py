"""Sets of pictures that go by lists or tables, from the files as released to results and reports."""

import json

import pytest
from PIL import Image

from preprocessing.datasets import get_reader
from preprocessing.releases.shortcuts import shortcuts
from tests.crops import crop
from tests.facefake.cli.conftest import command
from tests.facefake.detectors import PICTURES, random_detector
from tests.preprocessing.datasets import picture_lists


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    return random_detector(tmp_path_factory.mktemp("detector") / "pictures.safetensors", PICTURES)


@pytest.mark.parametrize("name", ["communityforensics", "drct", "forensichub", "gripunina"])
def test_each_is_scored_where_it_lies_with_the_labels_of_its_reader(name, detector, tmp_path):
    root = picture_lists.fill(getattr(picture_lists, name)(tmp_path / name))
    out = tmp_path / "out.json"
    done = command(
        *("score", "--dataset", name, "--data", root, "--detector", detector, "--workers", 1),
        *("--min-coverage", 0, "--json", out),
    )
    document = json.loads(out.read_text())
    found = get_reader(name).read(root)
    expected = {
        clip.key: (clip.label, clip.method, "test", status)
        for clips, status in ((found.clips, "scored"), (found.absent, "error"))
        for clip in clips
        if clip.split == "test"
    }
    results = {
        result["clip"]: (result["label"], result["method"], result["split"], result["status"])
        for result in document["results"]
    }
    assert results == expected
    assert done.returncode == 0
    assert set(document["report"]["per_method"]) == {method for label, method, *_ in expected.values() if label == 1}


@pytest.fixture
def told(tmp_path):
    """A set whose fakes are PNG and whose reals are JPEG."""
    root = tmp_path / "told"
    root.mkdir()
    picture_lists.write_csv(root / "list.csv", [f"{n}.png,{'flux' if n % 2 else 'real'}" for n in range(30)])
    for number in range(30):
        Image.fromarray(crop(number)).save(root / f"{number}.png", "PNG" if number % 2 else "JPEG")
    return root


def test_a_report_says_what_tells_real_from_fake_without_a_look_at_the_picture(told, detector, tmp_path):
    out = tmp_path / "out.json"
    done = command(
        *("score", "--dataset", "gripunina", "--data", told, "--detector", detector, "--workers", 1, "--json", out)
    )
    assert done.returncode == 0
    [found] = shortcuts(get_reader("gripunina").read(told).clips)
    assert f"gripunina: {found.sentence}" in json.loads(out.read_text())["report"]["notes"]


def test_training_says_it_too(told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # features are kept beside the runs
    listed = "".join(f"{n}.png,{'fake' if n % 2 else 'real'},{'val' if n > 24 else 'train'}\n" for n in range(30))
    (told / "labels.csv").write_text(f"path,label,split\n{listed}")
    tiny = ("backbone.name=tiny-clip", "backbone.weights=random:0", "trainer.epochs=1", "data.batch_size=8")
    done = command(
        *("train", "--dataset", "folder", "--path", "image", "--data", told, "--strategy", "linear", "--device", "cpu"),
        *(word for each in tiny for word in ("--set", each)),
        *("--out", tmp_path / "run"),
    )
    assert done.returncode == 0, done.stderr
    assert "warning: file format alone is right in 100 %" in done.stderr
