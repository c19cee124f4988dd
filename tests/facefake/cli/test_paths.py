"""Whole pictures, faces or both, from files as people send them to what they read."""

import csv
import io
import json
import shutil
import struct
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

import facefake as package
from facefake.scoring.result import ClipResult
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from tests.clips import numbered_frame, write_video
from tests.facefake.cli.conftest import command
from tests.facefake.detectors import PICTURES, random_detector

FRAMES = ("--frames", "uniform:4", "--workers", 1)


def bomb():
    """A PNG of a few bytes that says it is 60000 pixels a side."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def upload(root):
    """What people send: a portrait in four forms, a wall, a clip, and everything that goes wrong."""
    root.mkdir()
    portrait = Image.fromarray(astronaut())
    portrait.save(root / "portrait.png")
    turned = portrait.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(root / "turned.png", exif=exif)
    import pillow_heif

    pillow_heif.from_pillow(portrait).save(root / "phone.heic", quality=-1)
    Image.fromarray(np.full((120, 160, 3), 90, np.uint8)).save(root / "wall.png")
    write_video(root / "nobody.mp4", [numbered_frame(index) for index in range(8)], 8)
    (root / "bomb.png").write_bytes(bomb())
    (root / "text.jpg").write_text("not a picture")
    Image.new("RGB", (1, 1)).save(root / "dot.png")
    whole = io.BytesIO()
    portrait.save(whole, "JPEG")
    (root / "cut.jpg").write_bytes(whole.getvalue()[:2000])
    return root


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("paths")
    return SimpleNamespace(
        uploads=upload(root / "uploads"),
        faces=random_detector(root / "faces.safetensors"),
        pictures=random_detector(root / "pictures.safetensors", PICTURES, seed=2),
    )


def scored(tmp_path, *args):
    """Exit code and results by file name."""
    done = command("score", *args, *FRAMES, "--json", tmp_path / "out.json")
    document = json.loads((tmp_path / "out.json").read_text())
    return done, document, {result["path"].rsplit("/", 1)[-1]: result for result in document["results"]}


ERRORS = {"bomb.png": "too_large", "text.jpg": "not_a_video", "dot.png": "too_small", "cut.jpg": "unreadable"}


@pytest.fixture(scope="module")
def whole(bench, tmp_path_factory):
    return scored(tmp_path_factory.mktemp("whole"), bench.uploads, "--detector", bench.pictures)


def test_a_detector_of_pictures_judges_every_picture_and_the_frames_of_videos(whole, bench):
    done, _, found = whole
    assert done.returncode == 1
    assert set(found) == {path.name for path in bench.uploads.iterdir()}
    assert {result["via"] for result in found.values()} == {"image"}
    assert {name: result["error"]["code"] for name, result in found.items() if result["error"]} == ERRORS
    for name in set(found) - set(ERRORS):
        assert (found[name]["status"], len(found[name]["people"])) == ("scored", 1)
    assert len(found["nobody.mp4"]["people"][0]["frames"]) == 4
    assert "whole picture" in done.stderr


def test_a_picture_scores_the_same_in_every_form_it_comes_in(whole):
    _, _, found = whole
    assert found["turned.png"]["score"] == found["portrait.png"]["score"]
    assert found["phone.heic"]["score"] == pytest.approx(found["portrait.png"]["score"], abs=0.01)


def test_nothing_is_asked_of_a_wall_that_is_asked_of_a_face(whole):
    _, document, found = whole
    assert found["wall.png"]["status"] == "scored"
    limits = document["settings"]["abstention"]
    assert {name: value for name, value in limits.items() if value} == {"abstain": True}


def test_a_five_crop_detector_looks_five_times_at_a_picture(bench, tmp_path):
    five = random_detector(tmp_path / "five.safetensors", CropGeometry("five-crop", 1, 32))
    _, _, found = scored(tmp_path, bench.uploads / "portrait.png", "--detector", five)
    (person,) = found["portrait.png"]["people"]
    assert len({tuple(frame["box"]) for frame in person["frames"]}) == 5
    assert person["score"] == pytest.approx(np.mean([frame["score"] for frame in person["frames"]]), abs=2e-6)


@pytest.fixture(scope="module")
def both(bench, tmp_path_factory):
    root = tmp_path_factory.mktemp("both")
    pages = [option for form in ("csv", "html", "markdown") for option in (f"--{form}", root / f"out.{form}")]
    detectors = ("--detector", bench.pictures, "--detector", bench.faces)
    return *scored(root, bench.uploads, *detectors, *pages), root


def test_of_two_detectors_each_file_has_one_result_with_both_answers(both, bench):
    _, document, found, _ = both
    assert len(document["results"]) == len(list(bench.uploads.iterdir()))
    for result in document["results"]:
        assert {result["via"], result["other"]["via"]} == {"face", "image"}
    assert {found[name]["error"]["code"] for name in ERRORS} == set(ERRORS.values())
    assert (found["wall.png"]["via"], found["wall.png"]["other"]["reason"]) == ("image", "no_face")
    answers = [found["portrait.png"], found["portrait.png"]["other"]]
    assert all(answer["status"] == "scored" for answer in answers)
    assert (answers[0]["verdict"] == "fake") == any(answer["verdict"] == "fake" for answer in answers)


def test_the_head_has_both_detectors_and_the_settings_of_each(both, bench):
    _, document, _, _ = both
    paths = document["settings"]["paths"]
    assert {via: facts["detector"]["name"] for via, facts in paths.items()} == {
        "face": bench.faces.name,
        "image": bench.pictures.name,
    }
    assert document["detector"] == paths["face"]["detector"]
    assert paths["image"]["recipe"]["geometry"]["template"] == "resize-crop"
    assert paths["image"]["threshold"] == 0.5


def test_every_page_says_what_was_judged_and_what_the_other_path_said(both):
    done, _, found, root = both
    silent = found["wall.png"]["other"]
    assert silent["reason"] == "no_face"
    for text in (done.stderr, (root / "out.markdown").read_text(), (root / "out.html").read_text()):
        assert "other path" in text
        assert "picture" in text  # the terminal may break the line after "whole"
    with (root / "out.csv").open() as file:
        rows = {row["path"].rsplit("/", 1)[-1]: row for row in csv.DictReader(file)}
    assert (rows["wall.png"]["via"], rows["wall.png"]["other_reason"]) == ("image", "no_face")


def test_each_path_alone_gives_the_answers_that_both_are_made_of(both, bench, tmp_path):
    _, _, together, _ = both
    detectors = ("--detector", bench.faces, "--detector", bench.pictures)
    for via in ("face", "image"):
        _, document, alone = scored(tmp_path, bench.uploads, *detectors, "--path", via)
        assert "paths" not in document["settings"]
        for name, result in alone.items():
            assert (result["via"], "other" in result) == (via, False)
            said = together[name] if together[name]["via"] == via else together[name]["other"]
            assert (said["status"], said["verdict"]) == (result["status"], result["verdict"])
            assert said["probability"] == pytest.approx(result["probability"], abs=2e-6)


def test_python_gives_the_same_answers(both, bench):
    _, _, found, _ = both
    results = package.score([bench.uploads / "wall.png", "no.png"], [bench.faces, bench.pictures], device="cpu")
    wall, gone = results
    expected = ClipResult.from_dict(found["wall.png"])
    assert wall.to_dict() == expected.to_dict()
    assert (gone.error.code, gone.other.reason) == ("not_found", "not_found")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--path", "image"), "no detector given judges whole pictures"),
        (("faces", "faces"), "2 of the detectors judge faces"),
        (("pictures", "faces", "pictures"), "2 of the detectors judge whole pictures"),
        (("faces", "--path", "image"), "no detector given judges whole pictures"),
        (("pictures", "--path", "both"), "no detector given judges faces"),
    ],
)
def test_detectors_and_paths_that_do_not_go_together_are_refused_in_words(bench, options, words):
    files = {"faces": bench.faces, "pictures": bench.pictures}
    given = [each for name in options for each in (("--detector", files[name]) if name in files else (name,))]
    done = command("score", bench.uploads, *given)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "hint" in done.stderr


def test_python_refuses_two_of_one_path(bench):
    with pytest.raises(FacefakeError, match="judge faces"):
        package.score(bench.uploads, [bench.faces, bench.faces], device="cpu")


@pytest.fixture(scope="module")
def forensynths(tmp_path_factory):
    """Two generators of four pictures each with as many reals of their own, one of them damaged."""
    root = tmp_path_factory.mktemp("sets") / "forensynths"
    noise = np.random.default_rng(0)
    for generator in ("biggan", "stargan"):
        for folder, level in (("0_real", 60), ("1_fake", 180)):
            (root / generator / folder).mkdir(parents=True)
            for number in range(4):
                picture = noise.integers(level - 40, level + 40, (48, 40, 3), np.uint8)
                Image.fromarray(picture).save(root / generator / folder / f"{number}.png")
    shutil.copy(astronaut_file(root.parent), root / "biggan" / "0_real" / "0.png")
    (root / "stargan" / "1_fake" / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return root


def astronaut_file(root):
    Image.fromarray(astronaut()).save(root / "astronaut.png")
    return root / "astronaut.png"


def test_a_set_of_pictures_is_scored_where_it_lies_and_reported_by_generator(bench, forensynths, tmp_path):
    done = command(
        *("score", "--dataset", "forensynths", "--data", forensynths, "--detector", bench.pictures, *FRAMES),
        *("--store", tmp_path / "store", "--json", tmp_path / "out.json", "--min-coverage", 0.9),
    )
    assert done.returncode == 1  # one is damaged
    assert not (tmp_path / "store").exists()
    report = json.loads((tmp_path / "out.json").read_text())["report"]
    assert report["coverage"]["videos"] == 16
    assert report["coverage"]["error"] == 1
    methods = {name: (facts["videos"], facts["reals"]) for name, facts in report["per_method"].items()}
    assert methods == {"biggan": (4, 4), "stargan": (3, 4)}
    again = command("report", tmp_path / "out.json", "--json", tmp_path / "again.json", "--min-coverage", 0.9)
    assert again.returncode == 0
    assert json.loads((tmp_path / "again.json").read_text())["video"]["auc"] == report["video"]["auc"]


def test_a_detector_of_faces_looks_for_faces_in_a_set_of_pictures(bench, forensynths, tmp_path):
    command(
        *("score", "--dataset", "forensynths", "--data", forensynths, "--detector", bench.faces, *FRAMES),
        *("--store", tmp_path / "store", "--json", tmp_path / "out.json", "--min-coverage", 0),
    )
    assert (tmp_path / "store" / "manifest.parquet").exists()
    results = json.loads((tmp_path / "out.json").read_text())["results"]
    assert {result["via"] for result in results} == {"face"}
    assert [result["clip"] for result in results if result["status"] == "scored"] == ["biggan/0_real/0.png"]


def test_both_paths_over_a_labelled_set_make_one_report_that_says_who_spoke(bench, forensynths, tmp_path):
    command(
        *("score", "--dataset", "forensynths", "--data", forensynths, *FRAMES, "--store", tmp_path / "store"),
        *("--detector", bench.faces, "--detector", bench.pictures, "--json", tmp_path / "out.json"),
    )
    done = command(
        *("report", tmp_path / "out.json", "--json", tmp_path / "r.json", "--html", tmp_path / "r.html"),
        *("--min-coverage", 0.9),
    )
    assert done.returncode == 0
    report = json.loads((tmp_path / "r.json").read_text())
    results = json.loads((tmp_path / "out.json").read_text())["results"]
    faces = sum(result["via"] == "face" for result in results if result["status"] == "scored")
    assert report["coverage"]["scored"] == 15
    note = f"Faces gave the answer for {faces} clips, the whole picture for {15 - faces}."
    assert (note in report["notes"]) == (faces > 0)
    assert {each["detector"]["name"] for each in report["provenance"]["settings"]["paths"].values()} == {
        bench.faces.name,
        bench.pictures.name,
    }


def test_a_folder_with_labels_needs_no_store_for_whole_pictures(bench, forensynths, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label\n0_real/1.png,real\n1_fake/1.png,fake\n")
    done = command(
        *("score", "--dataset", "folder", "--data", forensynths / "biggan", "--labels", labels, *FRAMES),
        *("--detector", bench.pictures, "--store", tmp_path / "store", "--json", tmp_path / "out.json"),
    )
    assert done.returncode == 0
    assert not (tmp_path / "store").exists()
    report = json.loads((tmp_path / "out.json").read_text())["report"]
    assert (report["counts"]["real"], report["counts"]["fake"]) == (1, 1)
    assert report["per_people"] == {}


def test_a_suite_runs_over_whole_pictures_clean_and_corrupted_without_a_store(bench, forensynths, tmp_path):
    suite = tmp_path / "suite.yaml"
    suite.write_text(
        "sets: [forensynths]\ncorruptions:\n"
        "  - {kind: jpeg, levels: [50], at: frame}\n  - {kind: blur, levels: [2], at: crop}\n"
        "  - {kind: h264, levels: [30], at: frame}\n"
    )
    options = ("--data", forensynths.parent, "--out", tmp_path / "out", "--store", tmp_path / "store", "--workers", 1)
    options = ("evaluate", suite, "--detector", bench.pictures, *options, "--min-coverage", 0.9)
    done = command(*options)
    assert done.returncode == 1  # one is damaged
    assert not (tmp_path / "store").exists()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [row["corruption"] for row in report["robustness"]] == ["jpeg"]
    assert report["notes"][:2] == [
        "forensynths was not run under blur at the crop: pictures are judged whole, and can be corrupted at the frame.",
        "forensynths was not run under h264 at the frame: it has pictures, no videos.",
    ]
    clean, worse = (
        [result["score"] for result in json.loads(path.read_text())["results"]]
        for path in sorted((tmp_path / "out" / "scores").iterdir(), key=lambda path: len(path.name))
    )
    assert clean != worse
    assert "scored before" in command(*options).stderr


def test_a_detector_that_was_trained_on_pictures_scores_others_and_remembers_how_it_saw_them(forensynths, tmp_path):
    labels = ["path,label,split"]
    for folder, label in (("0_real", "real"), ("1_fake", "fake")):
        labels += [
            f"{generator}/{folder}/{number}.png,{label},{'train' if number < 2 else 'val' if number < 3 else 'test'}"
            for generator in ("biggan", "stargan")
            for number in range(4)
        ]
    (tmp_path / "labels.csv").write_text("\n".join(labels))
    options = ("--dataset", "folder", "--data", forensynths, "--labels", tmp_path / "labels.csv", "--workers", 1)
    tiny = ("backbone.name=tiny-vit", "backbone.weights=random:0", "trainer.epochs=1", "data.batch_size=4")
    trained = command(
        *("train", "--path", "image", "--strategy", "linear", *options, "--out", tmp_path / "run"),
        *("--features", tmp_path / "features"),
        *[each for value in tiny for each in ("--set", value)],
    )
    assert trained.returncode == 0
    done = command(
        *("score", *options, "--detector", tmp_path / "run" / "detector.safetensors", "--split", "test"),
        *("--json", tmp_path / "out.json", "--min-coverage", 0, "--store", tmp_path / "store"),
    )
    document = json.loads((tmp_path / "out.json").read_text())
    assert done.returncode == 1  # one is damaged
    assert not (tmp_path / "store").exists()
    assert [result["status"] for result in document["results"]] == ["scored", "scored", "scored", "error"]
    assert {result["via"] for result in document["results"]} == {"image"}
    geometry = document["settings"]["recipe"]["geometry"]
    assert (geometry["template"], geometry["size"]) == ("resize-crop", 32)


@pytest.mark.data
def test_real_pictures_by_real_and_fake_get_a_report_without_a_store(bench, test_data, tmp_path):
    _, document, _ = scored(
        *(tmp_path, "--dataset", "aigcdetect", "--data", test_data / "images", "--detector", bench.pictures),
        *("--store", tmp_path / "store", "--min-coverage", 1),
    )
    assert not (tmp_path / "store").exists()
    coverage = document["report"]["coverage"]
    assert coverage["videos"] == coverage["scored"] == len(document["results"]) > 50


@pytest.mark.data
def test_every_still_and_video_people_send_is_accounted_for_by_both_paths(bench, test_data, tmp_path):
    sent = [path for folder in ("stills", "videos") for path in (test_data / folder).iterdir()]
    detectors = ("--detector", bench.faces, "--detector", bench.pictures)
    done, document, found = scored(tmp_path, test_data / "stills", test_data / "videos", *detectors)
    assert done.returncode == 1
    assert sorted(found) == sorted(path.name for path in sent)
    assert len(document["results"]) == len(sent)
    for name in ("cockatoo.mp4", "fire2.mp4"):
        assert (found[name]["via"], found[name]["status"], found[name]["other"]["reason"]) == (
            *("image", "scored"),
            "no_face",
        )
    for name in ("bitmap.mp4", "broken_183_253.mp4", "broken_878_866.mp4"):
        assert (found[name]["status"], found[name]["other"]["status"]) == ("error", "error")
    people = found["multiface.jpg"]
    assert "scored" in (people["status"], people["other"]["status"])
