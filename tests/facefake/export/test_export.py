"""What is exported answers as the detector it was made from, whoever runs it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from facefake.api import rules_of
from facefake.export import export_detector
from facefake.export import graph as graph_module
from facefake.export.parity import compare
from facefake.features import Tower
from facefake.models import BackboneSpec, Network, load_detector
from facefake.models.file import read_card
from facefake.models.preprocess import Preprocess
from facefake.probes import generated_pictures
from preprocessing.digest import sha256_file
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.whole import read_picture
from tests.crops import crop
from tests.facefake.export.conftest import CALIBRATION, detector_of

CROPS = [crop(number, fake=number % 2 == 1, side=40 + number) for number in range(9)]
CLIP = BackboneSpec("tiny-clip", "random:0", "joint")


def run(path: Path, crops: list[np.ndarray]) -> dict[str, np.ndarray]:
    """What the graph answers to somebody who has onnxruntime and numpy."""
    session = onnxruntime.InferenceSession(str(path))
    resize = Preprocess.of(read_card(path).backbone).resize
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(None, {"pictures": np.stack([resize(each) for each in crops])}), strict=True))


def test_scores_verdicts_and_features_are_the_detectors(detector: Path, exports: dict[str, Path]):
    torchs, onnxs = load_detector(detector, "cpu", precision="fp32"), load_detector(exports["fp32"], "cpu")
    expected = torchs.score(CROPS)
    assert np.ptp(expected) > 0.1  # the crops do differ to it
    np.testing.assert_allclose(onnxs.score(CROPS), expected, atol=1e-5)
    np.testing.assert_allclose(onnxs.encode(CROPS), torchs.encode(CROPS), atol=1e-4)
    for each in (torchs, onnxs):
        np.testing.assert_allclose(each.classify(each.encode(CROPS)), expected, atol=1e-5)
    assert rules_of(onnxs) == rules_of(torchs)


@pytest.mark.parametrize(("precision", "near"), [("fp32", 1e-5), ("fp16", 5e-3), ("int8", 0.1)])
def test_the_graph_alone_answers_alike_for_any_number_of_pictures(
    detector: Path, exports: dict[str, Path], precision: str, near: float
):
    expected = load_detector(detector, "cpu", precision="fp32").score(CROPS)
    for some in ([3], [0, 1], range(9)):
        found = run(exports[precision], [CROPS[number] for number in some])
        assert {name: value.dtype for name, value in found.items()} == dict.fromkeys(
            ("score", "feature", "logits"), np.dtype(np.float32)
        )
        np.testing.assert_allclose(found["score"], expected[list(some)], atol=near)
        chances = torch.from_numpy(found["logits"]).softmax(1)[:, 1]
        np.testing.assert_allclose(found["score"], chances, atol=1e-6)


@pytest.mark.parametrize(
    ("spec", "tuning"),
    [
        (BackboneSpec("tiny-vit", "random:0"), {"strategy": "ln"}),
        (CLIP, {"strategy": "adapter", "head": "text"}),
        (BackboneSpec("tiny-timm", "random:0"), {"strategy": "bitfit", "head": "linear"}),
        (BackboneSpec("tiny-custom", "random:0", "joint"), {"strategy": "full"}),
    ],
    ids=["ln", "adapter", "timm", "custom"],
)
def test_whatever_was_trained_of_whatever_tower(tmp_path: Path, spec: BackboneSpec, tuning: dict):
    source = detector_of(tmp_path / "d.safetensors", spec, **tuning)
    exported = export_detector(source, tmp_path / "d.onnx")
    expected = load_detector(source, "cpu", precision="fp32").score(CROPS)
    np.testing.assert_allclose(run(exported.path, CROPS)["score"], expected, atol=1e-5)
    loaded = load_detector(exported.path, "cpu")
    np.testing.assert_allclose(loaded.score(CROPS), expected, atol=1e-5)
    # features kept on disk are never taken for those of torch, not even of a base nobody tuned
    detectors = [load_detector(source, "cpu", precision="fp32"), loaded]
    assert not loaded.frozen
    assert len({Tower.of(each).identity(CropGeometry()).digest for each in detectors}) == 2


def test_less_precision_is_smaller_and_told(detector: Path, exports: dict[str, Path]):
    sizes = [exports[precision].stat().st_size for precision in ("fp32", "fp16", "int8")]
    assert sizes == sorted(sizes, reverse=True)
    expected = load_detector(detector, "cpu", precision="fp32").score(generated_pictures(32))
    for precision, path in exports.items():
        loaded = load_detector(path, "cpu")
        facts = loaded.facts()
        assert (facts["precision"], facts["export"]["precision"]) == (precision, precision)
        assert facts["export"]["sha256"] == sha256_file(detector)
        told = facts["export"]["score_difference"]
        assert told == pytest.approx(np.abs(loaded.score(generated_pictures(32)) - expected).max(), abs=2e-6)


def test_int8_products_are_integers_but_the_heads(exports: dict[str, Path]):
    operators = [node.op_type for node in onnx.load(exports["int8"]).graph.node]
    assert operators.count("MatMulInteger") == 9  # of 2 blocks in, out and two of the small network; the projection
    assert operators.index("MatMul", operators.index("DynamicQuantizeLinear")) > 0


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_a_score_is_of_one_picture_whatever_runs_beside_it(exports: dict[str, Path], precision: str):
    exported = load_detector(exports[precision], "cpu")
    alone = np.concatenate([exported.score([each]) for each in CROPS])
    near = {"fp32": 1e-6, "fp16": 1e-3, "int8": 1e-6}[precision]
    np.testing.assert_allclose(exported.score([*CROPS, np.full((40, 40, 3), 255, np.uint8)])[:-1], alone, atol=near)


def test_nothing_of_the_machine_is_in_the_file(exports: dict[str, Path]):
    content = exports["fp32"].read_bytes()
    for word in (os.getcwd(), os.path.dirname(torch.__file__), "stack_trace"):
        assert word.encode() not in content


@pytest.mark.parametrize("drift", [0.01, np.nan])
def test_a_drifting_export_is_not_written(
    detector: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drift: float
):
    features, as_graph = Network.features, graph_module.as_graph

    def drifted(network: Network):
        with monkeypatch.context() as patched:
            patched.setattr(Network, "features", lambda self, pictures: features(self, pictures) + drift)
            return as_graph(network)

    monkeypatch.setattr("facefake.export.export.as_graph", drifted)
    with pytest.raises(FacefakeError, match="was not written") as caught:
        export_detector(detector, tmp_path / "out" / "d.onnx")
    assert caught.value.code == "export_drift"
    assert os.listdir(tmp_path / "out") == []


def test_what_fits_in_no_onnx_file_is_refused(detector: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(graph_module, "LARGEST", 1000)
    with pytest.raises(FacefakeError, match="2 GiB") as caught:
        export_detector(detector, tmp_path / "d.onnx")
    assert caught.value.code == "too_large"
    assert os.listdir(tmp_path) == []


def test_names_that_do_not_fit(detector: Path, exports: dict[str, Path], tmp_path: Path):
    for source, out in ((detector, tmp_path / "d.safetensors"), (exports["fp32"], tmp_path / "d.onnx")):
        with pytest.raises(FacefakeError) as caught:
            export_detector(source, out)
        assert caught.value.code == "usage"
    (tmp_path / "file").touch()
    with pytest.raises(FacefakeError) as caught:
        export_detector(detector, tmp_path / "file" / "d.onnx")
    assert caught.value.code == "not_writable"


def test_verdicts_are_those_of_calibrated_scores(detector: Path, exports: dict[str, Path]):
    torchs, coarse = load_detector(detector, "cpu", precision="fp32"), load_detector(exports["int8"], "cpu")
    scores, others = torchs.score(CROPS), coarse.score(CROPS)
    most = np.abs(scores - others).argmax()
    between = (scores[most] + others[most]) / 2
    torchs.card = torchs.card.model_copy(update={"threshold": float(CALIBRATION.apply(between))})
    assert not np.isclose(torchs.card.threshold, between)
    changed = compare(torchs, coarse.runner, CROPS).verdicts_changed
    assert changed == ((scores >= between) != (others >= between)).sum() >= 1


@pytest.mark.data
def test_real_crops(detector: Path, exports: dict[str, Path], test_data: Path):
    files = sorted((test_data / "crops").rglob("*.*"))[::8]
    crops = [read_picture(path) for path in files if path.suffix in (".jpg", ".png")]
    assert len(crops) > 50
    expected = load_detector(detector, "cpu", precision="fp32")
    found = load_detector(exports["fp32"], "cpu")
    scores = expected.score(crops)
    np.testing.assert_allclose(found.score(crops), scores, atol=1e-4)
    np.testing.assert_allclose(run(exports["fp32"], crops)["score"], scores, atol=1e-4)
    assert compare(expected, found.runner, crops).verdicts_changed == 0
