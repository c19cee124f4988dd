from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub
import pytest
import yaml
from huggingface_hub import constants

from facefake.models.card import ExportCard, OriginCard, SelectionCard, TrainingCard
from facefake.models.file import read_card
from facefake.publishing.model_card import model_card
from facefake.publishing.publication import prepare
from facefake.publishing.push import check_upload, upload
from facefake.scoring.calibration import Calibration
from preprocessing.errors import FacefakeError
from tests.facefake.cli.conftest import command
from tests.facefake.cli.picture_sets import fill
from tests.facefake.detectors import PICTURES, random_detector
from tests.facefake.hub.hubs import COMMIT, place

ORIGIN = {
    "name": "ufd-clip-l14",
    "source": "https://example.org/fc_weights.pth",
    "revision": None,
    "sha256": "ab" * 32,
    "licence": "CC-BY-NC-4.0",
    "project": "https://example.org",
    "base_deviation": 0.0,
}


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_detector(tmp_path_factory.mktemp("detector") / "mine.safetensors", PICTURES)


def push(file: Path, folder: Path, *options: object) -> tuple[dict[str, object], str]:
    """Push to a folder, and read the front matter and the text of the card."""
    done = command("detectors", "push", file, "--to", folder, *options)
    assert done.returncode == 0
    _, front, text = (folder / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(front), text


def refused(*arguments: object) -> str:
    done = command("detectors", "push", *arguments)
    assert done.returncode == 2
    return done.stderr


@pytest.fixture(scope="module")
def scored(detector: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Labelled pictures, and the results and report of the detector on them."""
    folder = tmp_path_factory.mktemp("scored")
    root = fill(folder / "set", {"real": (6, 0), "fake": (6, 30)})
    rows = [f"{label}/{number:03}.png,{label}" for label in ("real", "fake") for number in range(6)]
    labels, out = folder / "labels.csv", folder / "out.json"
    labels.write_text("path,label\n" + "\n".join(rows))
    done = command("score", root, "--labels", labels, "--detector", detector, "--workers", 1, "--json", out)
    assert done.returncode == 0
    return root, out


def test_the_card_carries_the_figures_of_a_report_with_their_intervals(detector, scored, tmp_path):
    front, text = push(detector, tmp_path / "out", "--report", scored[1], "--licence", "MIT", "--title", "My detector")
    auc = json.loads(scored[1].read_text())["report"]["video"]["auc"]
    assert f"| AUC | {auc['value']:.3f} \\[{auc['low']:.3f}, {auc['high']:.3f}\\] |" in text
    assert "12 of 12 clips scored (100.0 %)" in text
    assert (front["license"], front["library_name"], front["pipeline_tag"]) == (
        "mit",
        "facefake",
        "image-classification",
    )
    assert "model-index" not in front  # a toy's figures are not listed on the hub


def test_the_hub_is_told_the_figures_of_what_is_no_toy(detector, scored):
    toy = prepare(detector, title="My detector", licence="MIT", repository=None, report=scored[1])
    backbone = toy.card.backbone.model_copy(update={"weights": "clip.safetensors"})
    trained = replace(toy, card=toy.card.model_copy(update={"backbone": backbone}))
    (listed,) = yaml.safe_load(model_card(trained).split("---\n")[1])["model-index"]
    auc = json.loads(scored[1].read_text())["report"]["video"]["auc"]
    assert {"type": "auc", "value": auc["value"], "name": "AUC"} in listed["results"][0]["metrics"]
    assert listed["name"] == "My detector"


def test_the_detector_is_pushed_byte_for_byte_and_answers_alike_from_the_hub(
    detector, scored, tmp_path, monkeypatch, offline
):
    push(detector, tmp_path / "out")
    pushed = tmp_path / "out" / "detector.safetensors"
    assert pushed.read_bytes() == detector.read_bytes()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    place(tmp_path / "cache", "me/mine", "detector.safetensors", pushed.read_bytes())
    again = tmp_path / "again.json"
    options = ("--detector", "hf-hub:me/mine", "--workers", 1, "--json", again)
    assert command("score", scored[0], *options).returncode == 0

    def scores(path: Path) -> dict[str, float]:
        return {Path(each["path"]).name: each["score"] for each in json.loads(path.read_text())["results"]}

    assert scores(again) == scores(scored[1])


def test_the_card_says_what_the_file_says_of_itself(tmp_path):
    path = random_detector(
        tmp_path / "d.safetensors",
        training=TrainingCard(
            datasets=["ffpp"],
            split="train",
            clips=3600,
            crops=115_200,
            manifest_sha256="1" * 64,
            config_sha256="2" * 64,
        ),
        selection=SelectionCard(datasets=["ffpp"], split="val", metric="video_auc", value=0.987, epoch=4),
        metrics={"video_auc": 0.987},
        threshold=0.25,
        threshold_source="val of ffpp",
    )
    front, text = push(path, tmp_path / "out")
    for words in (
        "The train split of ffpp: 3,600 clips, 115,200 crops.",
        "By video\\_auc on the val split of ffpp: 0.987 in epoch 4.",
        "flattering: video\\_auc 0.987",
        "No test figures were given",
        "faces found by mtcnn",
        "template `gend` with a margin of 1.3, at its own size",
        "resized to 32 x 32 pixels (bicubic), RGB",
        "the verdict is fake from 0.25 on (val of ffpp)",
        "A toy",
        "Not to be used",
        "No licence is stated",
        read_card(path).backbone.sha256,
    ):
        assert words in text, words
    assert front["pipeline_tag"] == "video-classification"
    assert {"license", "model-index", "base_model"}.isdisjoint(front)


def test_the_base_is_named_by_its_repository_and_never_by_a_path(tmp_path):
    from facefake.models.file import write_card

    path = random_detector(tmp_path / "d.safetensors")
    card = read_card(path)
    for weights, base in (("openai", "timm/vit_large_patch14_clip_224.openai"), ("/home/me/secret/clip.pt", None)):
        backbone = card.backbone.model_copy(update={"name": "ViT-L-14-quickgelu", "weights": weights})
        write_card(path, tmp_path / "e.safetensors", card.model_copy(update={"backbone": backbone}))
        front, text = push(tmp_path / "e.safetensors", tmp_path / "out")
        assert front.get("base_model") == base
        assert "/home/me/secret" not in text
    assert "clip.pt" in text


def test_weights_of_others_keep_their_licence_and_credit(tmp_path):
    path = random_detector(tmp_path / "d.safetensors", PICTURES, origin=OriginCard(**ORIGIN))
    front, text = push(path, tmp_path / "out")
    assert front["license"] == "cc-by-nc-4.0"
    assert "https://example.org" in text
    assert "Published by others, not measured here" in text
    assert "error [usage]" in refused(path, "--to", tmp_path / "other", "--licence", "MIT")
    assert not (tmp_path / "other").exists()
    unstated = OriginCard(**ORIGIN | {"licence": "none stated"})
    path = random_detector(tmp_path / "e.safetensors", PICTURES, origin=unstated)
    assert "may not be passed on" in refused(path, "--to", tmp_path / "other", "--repository", "me/theirs")
    front, text = push(path, tmp_path / "mine")
    assert "license" not in front
    assert "No licence is stated" in text


def test_a_licence_the_hub_does_not_know_is_named_beside_other(detector, tmp_path):
    front, _ = push(detector, tmp_path / "out", "--licence", "EUPL-1.2")
    assert (front["license"], front["license_name"]) == ("other", "eupl-1.2")


def test_text_of_strangers_is_no_markup_in_the_card(tmp_path):
    origin = OriginCard(**ORIGIN | {"source": "<script>alert(1)</script>\n---\nlicense: mit"})
    path = random_detector(tmp_path / "d.safetensors", PICTURES, origin=origin, threshold_source="![x](http://x)")
    front, text = push(path, tmp_path / "out", "--title", "a: [b]\n---")
    assert front["license"] == "cc-by-nc-4.0"
    assert "<script>" not in text
    assert "![x](" not in text


def test_what_does_not_fit_is_refused_before_anything_is_written(detector, scored, tmp_path):
    other = random_detector(tmp_path / "other.safetensors", PICTURES, seed=2)
    out = tmp_path / "out"
    (tmp_path / "list.json").write_text("[1]")
    for arguments, words in (
        ((other, "--to", out, "--report", scored[1]), "another detector"),
        ((detector, "--to", out, "--report", tmp_path / "list.json"), "error [scores_invalid]"),
        ((detector, "--to", out, "--report", detector), "error [scores_invalid]"),
        ((detector, "--to", out, "--licence", "free for all"), "SPDX"),
        ((detector, "--to", out, "--repository", "mine"), "org/name"),
        ((tmp_path / "none.safetensors", "--to", out), "error [detector_not_found]"),
        ((scored[1], "--to", out), "error [detector_corrupt]"),
    ):
        assert words in refused(*arguments)
    assert not out.exists()


def test_no_other_projects_readme_is_replaced(detector, tmp_path):
    (tmp_path / "README.md").write_text("# My project\n")
    assert "no model card" in refused(detector, "--to", tmp_path)
    assert (tmp_path / "README.md").read_text() == "# My project\n"
    assert not (tmp_path / "detector.safetensors").exists()
    push(detector, tmp_path / "out")
    push(detector, tmp_path / "out", "--licence", "MIT")  # its own it does replace
    assert "error [usage]" in refused(tmp_path / "out" / "detector.safetensors", "--to", tmp_path / "out")


class _Hub(BaseHTTPRequestHandler):
    """The few questions of the hub's API that an upload asks."""

    seen: list[tuple[str, str, bytes]]

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.path, self.headers.get("Authorization", ""), body))
        refuse = "/refused" in self.path or b'"refused"' in body
        answer: dict[str, object] = {}
        if "/preupload/" in self.path:
            names = [each["path"] for each in json.loads(body)["files"]]
            answer["files"] = [{"path": name, "uploadMode": "regular", "shouldIgnore": False} for name in names]
        if "/commit/" in self.path:
            url = f"{constants.ENDPOINT}/me/mine/commit/{COMMIT}"
            answer |= {"commitUrl": url, "commitOid": COMMIT, "hookOutput": ""}
        if self.path.endswith("/repos/create"):
            answer["url"] = f"{constants.ENDPOINT}/me/mine"
        data = json.dumps(answer).encode()
        self.send_response(403 if refuse else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, bytes]]]:
    """A hub on this machine, and what it was asked."""
    seen: list[tuple[str, str, bytes]] = []
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Hub", (_Hub,), {"seen": seen, "do_GET": _Hub.answer, "do_POST": _Hub.answer})
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("HF_TOKEN", "hf_writer")
    yield seen
    server.shutdown()
    server.server_close()


def test_an_upload_takes_the_two_files_and_nothing_else_to_a_private_repository(detector, tmp_path, hub):
    folder = tmp_path / "out"
    push(detector, folder)
    assert hub == []  # without --repository nothing leaves this machine
    (folder / "diary.txt").write_text("nobody's business")
    done = command("detectors", "push", detector, "--to", folder, "--repository", "me/mine", "--licence", "MIT")
    assert done.returncode == 0
    assert f"me/mine/commit/{COMMIT}" in done.stdout
    created = next(json.loads(body) for path, _, body in hub if path.endswith("/repos/create"))
    assert (created["name"], created["organization"]) == ("mine", "me")
    assert created.get("visibility") == "private" or created.get("private")
    lines = next(body for path, _, body in hub if "/commit/" in path).decode().splitlines()
    sent = {each["value"]["path"]: each["value"]["content"] for each in map(json.loads, lines) if each["key"] == "file"}
    files = {name: base64.b64decode(content) for name, content in sent.items()}
    assert files == {name: (folder / name).read_bytes() for name in ("README.md", "detector.safetensors")}
    assert b"--detector hf-hub:me/mine" in files["README.md"]
    assert {token for path, token, _ in hub if "/me/mine/" in path} == {"Bearer hf_writer"}


def test_a_hub_that_refuses_is_an_error_in_words(detector, tmp_path, hub):
    push(detector, tmp_path / "out")
    files = [tmp_path / "out" / name for name in ("detector.safetensors", "README.md")]
    with pytest.raises(FacefakeError, match="did not take me/refused") as caught:
        upload(files, "me/refused")
    assert caught.value.code == "upload_failed"


def test_without_token_or_network_nothing_is_tried(detector, tmp_path, hub, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    assert "hf auth login" in refused(detector, "--to", tmp_path / "out", "--repository", "me/mine")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(FacefakeError, match="HF_HUB_OFFLINE") as caught:
        check_upload()
    assert caught.value.code == "upload_failed"
    assert hub == []
    assert not (tmp_path / "out").exists()


def test_an_exported_detector_is_not_what_is_pushed(tmp_path):
    made = ExportCard(
        source="d.safetensors",
        sha256="1" * 64,
        precision="fp32",
        opset=18,
        versions={},
        pictures=8,
        score_difference=0,
        verdicts_changed=0,
    )
    path = random_detector(tmp_path / "d.safetensors", PICTURES, export=made)
    assert "is an export" in refused(path, "--to", tmp_path / "out")


def test_a_calibration_is_said_with_what_it_supposes(tmp_path):
    map_ = Calibration(method="temperature", parameters={"temperature": 2.0}, fitted_on=None)
    _, text = push(random_detector(tmp_path / "d.safetensors", PICTURES, calibration=map_), tmp_path / "out")
    assert "a calibration (temperature) makes the score a probability" in text
    assert "not calibrated" not in text
