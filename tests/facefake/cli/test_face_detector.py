"""``--face-detector``: faces found by a file of the user's, and every answer saying so."""

import json
from types import SimpleNamespace

import pytest
from PIL import Image
from skimage.data import astronaut

from preprocessing.faces import find_face_detector
from preprocessing.store import FaceStore
from tests.face_networks import known, scrfd, write
from tests.facefake.cli.conftest import command
from tests.facefake.detectors import PICTURES, random_detector

FACE = known(260, 100, 100, confidence=0.7)  # surely a face for SCRFD; MTCNN would not be sure


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A picture, a detector trained on MTCNN's faces, and a face detector that always finds the same one."""
    root = tmp_path_factory.mktemp("made")
    (root / "pictures").mkdir()
    Image.fromarray(astronaut()).save(root / "pictures" / "a.png")
    file = write(root / "faces.onnx", scrfd([FACE]))
    return SimpleNamespace(
        root=root,
        pictures=root / "pictures",
        picture=root / "pictures" / "a.png",
        detector=random_detector(root / "detector.safetensors"),
        file=file,
        name=find_face_detector(f"onnx:{file}")[0],
    )


@pytest.fixture(scope="module")
def answer(made):
    """What scoring says in each form."""
    files = {form: made.root / f"out.{form}" for form in ("json", "html", "md")}
    done = command(
        *("score", made.picture, "--detector", made.detector, "--face-detector", f"onnx:{made.file}", "--workers", 1),
        *("--json", files["json"], "--html", files["html"], "--markdown", files["md"]),
    )
    assert done.returncode == 0
    texts = {form: path.read_text() for form, path in files.items()}
    return SimpleNamespace(document=json.loads(texts["json"]), terminal=done.stderr, **texts)


def test_the_faces_are_those_the_file_finds_and_its_confidence_counts_on_its_own_scale(made, answer):
    (result,) = answer.document["results"]
    ((shown,),) = [person["frames"] for person in result["people"]]
    assert (result["status"], shown["confidence"]) == ("scored", 0.7)
    assert shown["landmarks"][0] == pytest.approx([0.8 * value for value in FACE.landmarks[0]], abs=0.01)
    assert answer.document["settings"]["abstention"]["min_confidence"] == 0.6
    assert answer.document["settings"]["recipe"]["face_detector"] == made.name


def test_every_form_of_the_answer_says_that_another_face_detector_was_used(made, answer):
    note = f"The faces here were found by {made.name}, those the detector was trained on by mtcnn."
    assert answer.document["settings"]["notes"] == [note]
    assert note in " ".join(answer.terminal.split())
    assert note in answer.html
    assert note in answer.md.replace("\\", "")


def test_where_the_file_lies_is_in_no_answer(made, answer):
    assert str(made.file) not in answer.json
    assert str(made.file) not in answer.html


def test_the_detectors_own_face_detector_is_nothing_to_speak_of(made):
    out = made.root / "own.json"
    done = command("score", made.picture, "--detector", made.detector, "--workers", 1, "--json", out)
    assert done.returncode == 0
    settings = json.loads(out.read_text())["settings"]
    assert "notes" not in settings
    assert settings["abstention"]["min_confidence"] == 0.9


def test_a_labelled_report_says_it_too_and_says_it_again_when_made_from_the_results(made):
    labels, out, again = (made.root / name for name in ("labels.csv", "labelled.json", "again.json"))
    labels.write_text("path,label\na.png,1\n")
    done = command(
        *("score", made.pictures, "--labels", labels, "--detector", made.detector, "--workers", 1, "--json", out),
        *("--face-detector", f"onnx:{made.file}"),
    )
    assert done.returncode == 0
    assert any(made.name in note for note in json.loads(out.read_text())["report"]["notes"])
    assert command("report", out, "--json", again).returncode == 0
    assert any(made.name in note for note in json.loads(again.read_text())["notes"])


def test_a_face_store_knows_its_face_detector_and_not_where_that_lay(made):
    store = made.root / "store"
    extract = ("extract", made.pictures, "--out", store, "--workers", 1)
    assert command(*extract, "--face-detector", f"onnx:{made.file}").returncode == 0
    (crop,) = FaceStore(store).manifest().to_pylist()
    assert (crop["face_detector"], crop["confidence"]) == (made.name, pytest.approx(0.7))
    assert str(made.root) not in (store / "recipe.json").read_text()
    moved = made.root / "moved.onnx"
    moved.write_bytes(made.file.read_bytes())
    done = command(*extract, "--face-detector", f"onnx:{moved}")
    assert (done.returncode, "1 already there" in done.stderr) == (0, True)
    other = command(*extract)  # by mtcnn
    assert (other.returncode, "[store_recipe_mismatch]" in other.stderr) == (2, True)
    # scored from the store, its face detector is still the one that must be sure
    out = made.root / "stored.json"
    assert (
        command("score", "--dataset", "store", "--data", store, "--detector", made.detector, "--json", out).returncode
        == 0
    )
    document = json.loads(out.read_text())
    assert [result["status"] for result in document["results"]] == ["scored"]
    assert made.name in document["settings"]["datasets"]["store"]["notes"][0]


@pytest.mark.parametrize("more", [(), ("--json", "-")])
def test_a_file_that_is_no_face_detector_is_one_error_before_anything_is_scored(made, more):
    given = ("--face-detector", f"onnx:{made.detector}")
    done = command("score", made.picture, "--detector", made.detector, *given, *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("[face_detector_invalid]") == 1


def test_whole_pictures_have_no_faces_to_find(made):
    pictures = random_detector(made.root / "pictures.safetensors", PICTURES)
    given = ("--face-detector", f"onnx:{made.file}")
    done = command("score", made.picture, "--detector", pictures, *given)
    assert (done.returncode, "nobody looks for faces" in done.stderr) == (2, True)
    # beside a detector of faces it is that one's
    out = made.root / "both.json"
    both = ("--detector", pictures, "--detector", made.detector)
    assert command("score", made.picture, *both, *given, "--workers", 1, "--json", out).returncode == 0
    paths = json.loads(out.read_text())["settings"]["paths"]
    assert {via: facts["recipe"]["face_detector"] for via, facts in paths.items()} == {
        "face": made.name,
        "image": "none",
    }


def test_a_suite_is_evaluated_on_faces_by_the_file(made):
    done = command(
        *("evaluate", "cross-dataset", "--detector", made.detector, "--face-detector", f"onnx:{made.root}/absent.onnx"),
    )
    assert (done.returncode, "[not_found]" in done.stderr) == (2, True)
