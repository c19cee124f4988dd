"""A small detector and its exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from facefake.export import export_detector
from facefake.models import BackboneSpec, DetectorCard, Tuning, save_detector
from facefake.models.detector import describe_backbone
from facefake.models.tower import check_name
from facefake.scoring.calibration import Calibration
from tests.facefake.models.conftest import moved_network
from tests.facefake.models.custom import register

CALIBRATION = Calibration("temperature", {"temperature": 2.0})


def detector_of(path: Path, spec: BackboneSpec, **tuning) -> Path:
    """A detector file of a network whose trained parameters have moved away from the base."""
    settings = Tuning.model_validate(tuning)
    network = moved_network(spec, settings).network
    card = DetectorCard(
        tool_version="0",
        backbone=describe_backbone(network.backbone),
        strategy=settings.strategy,
        head=settings.head,
        geometry={"template": "gend", "scale": 1.3, "size": None},
        face_detector="mtcnn",
        calibration=CALIBRATION,
        threshold=0.6,
        threshold_source="eer",
    )
    save_detector(path, network, card)
    return path


@pytest.fixture(scope="session", autouse=True)
def _other_makes(tmp_path_factory: pytest.TempPathFactory) -> None:
    check_name("tiny-vit")  # registers the shipped ones
    register(tmp_path_factory.mktemp("configs"))


@pytest.fixture(scope="session")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector with updates of low rank, so that an export has something to merge."""
    return detector_of(
        tmp_path_factory.mktemp("detector") / "detector.safetensors",
        BackboneSpec("tiny-clip", "random:0", "joint"),
        strategy="lora",
        head="linear",
    )


@pytest.fixture(scope="session")
def exports(detector: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Its export in each precision."""
    folder = tmp_path_factory.mktemp("exports")
    return {
        precision: export_detector(detector, folder / f"{precision}.onnx", precision=precision).path  # type: ignore[arg-type]
        for precision in ("fp32", "fp16", "int8")
    }
