"""Files that call themselves exported detectors: damaged, of others, or made to hurt."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from safetensors.numpy import load, save

from facefake.export import export_detector
from facefake.models import load_detector
from facefake.models.file import read_card, write_card
from facefake.models.onnx.file import read_metadata
from facefake.models.onnx.protobuf import text_field
from preprocessing.errors import FacefakeError
from tests.crops import crop
from tests.facefake.detectors import random_detector

CROPS = [crop(number, side=40) for number in range(4)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    return export_detector(random_detector(folder / "d.safetensors"), folder / "d.onnx").path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "d.onnx"


def refused(path: Path, **options: str) -> str:
    """What is said of a file that is not loaded."""
    with pytest.raises(FacefakeError) as caught:
        load_detector(path, "cpu", **options)
    assert caught.value.code == "export_invalid"
    assert caught.value.hint
    return caught.value.message


def changed(made: Path, path: Path, **entries: str) -> Path:
    """The file with other metadata."""
    model = onnx.load(made)
    for entry in model.metadata_props:
        entry.value = entries.get(entry.key, entry.value)
    onnx.save(model, path)
    return path


def test_the_card_is_read_without_the_weights_and_as_onnx_reads_it(made: Path):
    entries = {entry.key: entry.value for entry in onnx.load(made).metadata_props}
    assert read_metadata(made) == entries
    assert json.loads(read_card(made).model_dump_json()) == json.loads(entries["facefake"])


def test_a_card_is_replaced_and_nothing_else(made: Path, path: Path):
    write_card(made, path, read_card(made).model_copy(update={"threshold": 0.25}))
    assert load_detector(path, "cpu").card.threshold == 0.25
    before, after = onnx.load(made), onnx.load(path)
    assert before.graph == after.graph
    before.metadata_props.sort(key=lambda entry: entry.key)
    after.metadata_props.sort(key=lambda entry: entry.key)
    assert [entry.key for entry in before.metadata_props] == [entry.key for entry in after.metadata_props]
    np.testing.assert_array_equal(load_detector(path, "cpu").score(CROPS), load_detector(made, "cpu").score(CROPS))
    write_card(path, path, read_card(made))  # in its own place
    assert read_card(path) == read_card(made)
    assert os.listdir(path.parent) == ["d.onnx"]


@pytest.mark.parametrize("content", [b"", b"x", b"\x08", bytes(100), b"\xff" * 64, b"<html>", b"PK\x03\x04" * 9])
def test_what_is_no_onnx(path: Path, content: bytes):
    path.write_bytes(content)
    refused(path)


def test_a_safetensors_renamed(path: Path):
    random_detector(path.with_suffix(".safetensors")).rename(path)
    refused(path)


def test_a_missing_file(path: Path):
    with pytest.raises(FacefakeError) as caught:
        load_detector(path, "cpu")
    assert caught.value.code == "detector_not_found"


def test_a_truncated_file_wherever_it_ends(made: Path, path: Path):
    whole = made.read_bytes()
    numbers = random.Random(0)
    for end in [*(numbers.randrange(len(whole)) for _ in range(200)), *range(len(whole) - 40, len(whole))]:
        path.write_bytes(whole[:end])
        refused(path)


def test_damage_is_told_or_changes_nothing_that_is_read(made: Path, path: Path):
    whole, numbers = made.read_bytes(), random.Random(1)
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[numbers.randrange(2000)] ^= 1 << numbers.randrange(8)
        path.write_bytes(damaged)
        with contextlib.suppress(FacefakeError):  # and nothing else
            assert np.isfinite(load_detector(path, "cpu").score(CROPS)).all()


def test_another_programs_onnx(made: Path, path: Path):
    model = onnx.load(made)
    del model.metadata_props[:]
    onnx.save(model, path)
    assert "another program" in refused(path)


@pytest.mark.parametrize("card", ["{", "{}", '{"format": 2}', "[]"])
def test_a_card_that_is_none(made: Path, path: Path, card: str):
    refused(changed(made, path, facefake=card))


def test_a_card_of_something_that_was_not_exported(made: Path, path: Path):
    write_card(made, path, read_card(made).model_copy(update={"export": None}))
    assert "exported" in refused(path)


def other_head() -> str:
    tensors = {"head.linear.weight": np.ones((2, 64), "f4"), "head.linear.bias": np.zeros(2, "f4")}
    return base64.b64encode(save(tensors)).decode()


@pytest.mark.parametrize("head", ["", "?", "AAAA", base64.b64encode(save({"x": np.zeros(2)})).decode(), other_head()])
def test_a_head_that_is_not_the_graphs(made: Path, path: Path, head: str):
    assert "head" in refused(changed(made, path, facefake_head=head))
    assert load(base64.b64decode(read_metadata(made)["facefake_head"]))["head.linear.weight"].shape == (2, 64)


def external(name: str, location: str) -> TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    return tensor


@pytest.mark.parametrize("location", ["../../../../etc/passwd", "/etc/passwd", "beside.bin"])
@pytest.mark.parametrize("place", ["initialiser", "constant", "inside"])
def test_weights_in_other_files_are_never_opened(made: Path, path: Path, location: str, place: str):
    model, tensor = onnx.load(made), external("secret", location)
    constant = helper.make_node("Constant", [], ["secret"], value=tensor)
    if place == "initialiser":
        model.graph.initializer.append(tensor)
    elif place == "constant":
        model.graph.node.append(constant)
    else:
        inner = helper.make_graph([constant], "inner", [], [helper.make_tensor_value_info("secret", 1, [1])])
        model.graph.node.append(helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner))
    path.write_bytes(model.SerializeToString())
    assert "other files" in refused(path)


def test_graphs_inside_graphs_without_an_end(made: Path, path: Path):
    body = b""
    for _ in range(200):
        body = text_field(1, text_field(5, text_field(6, body)))  # a graph's node, its attribute, its graph
    path.write_bytes(made.read_bytes() + text_field(7, body))
    assert "without an end" in refused(path)


def graph(outputs: dict[str, list], side: int = 32, kind: int = TensorProto.UINT8, operator: str = "Identity"):
    """A graph that takes pictures and gives zeros of these shapes."""
    shapes = {name: [each if isinstance(each, int) else 1 for each in shape] for name, shape in outputs.items()}
    zeros = {name: helper.make_tensor("", 1, shape, [0.0] * int(np.prod(shape))) for name, shape in shapes.items()}
    nodes = [helper.make_node("Constant", [], [f"{name}_0"], value=zero) for name, zero in zeros.items()]
    nodes += [helper.make_node(operator, [f"{name}_0"], [name]) for name in shapes]
    return helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("pictures", kind, ["n", 3, side, side])],
        [helper.make_tensor_value_info(name, 1, shape) for name, shape in outputs.items()],
    )


GOOD = {"score": ["n"], "feature": ["n", 64], "logits": ["n", 2]}


@pytest.mark.parametrize(
    "made_up",
    [
        graph({"score": ["n"]}),
        graph({**GOOD, "logits": ["n", 3]}),
        graph({**GOOD, "feature": ["n", "m"]}),
        graph(GOOD, side=64),
        graph(GOOD, kind=TensorProto.FLOAT),
        graph(GOOD, operator="Sqrtt"),
        graph(GOOD),
    ],
    ids=["outputs", "classes", "width", "side", "type", "operator", "head"],
)
def test_another_graph_under_our_card(made: Path, path: Path, made_up):
    model = onnx.load(made)
    model.graph.CopyFrom(made_up)
    path.write_bytes(model.SerializeToString())
    refused(path)


def test_an_exported_detector_has_its_base_and_precision(made: Path):
    for options in ({"backbone_weights": "random:0"}, {"precision": "bf16"}):
        with pytest.raises(FacefakeError) as caught:
            load_detector(made, "cpu", **options)
        assert caught.value.code == "usage"
    assert load_detector(made, "cpu", precision="fp32").precision == "fp32"


def test_a_device_this_runtime_cannot_use(made: Path, monkeypatch: pytest.MonkeyPatch):
    import onnxruntime
    import torch

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert load_detector(made).device == torch.device("cpu")
    with pytest.raises(FacefakeError) as caught:
        load_detector(made, "abacus")
    assert caught.value.code == "device_unavailable"


def test_without_onnxruntime_it_says_what_to_install(made: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert read_card(made).export is not None  # the card needs none
    with pytest.raises(FacefakeError, match="onnxruntime") as caught:
        load_detector(made, "cpu")
    assert caught.value.code == "package_missing"
    assert "facefake[export]" in caught.value.hint
