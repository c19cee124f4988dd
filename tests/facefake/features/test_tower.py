from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from facefake.features.encode import encode_pictures
from facefake.features.tower import Tower
from facefake.models import (
    BackboneSpec,
    Detector,
    DetectorCard,
    Tuning,
    load_backbone,
    load_detector,
    save_detector,
    tuned_network,
)
from facefake.models.detector import describe_backbone
from facefake.models.strategies import STRATEGIES
from facefake.models.tuning import FROZEN
from preprocessing.faces import CropGeometry
from preprocessing.views import views
from tests.crops import crop

GEOMETRY = CropGeometry("resize-crop", 1, 32)
CLIP = BackboneSpec("tiny-clip", "random:0", "joint")


def detector(folder: Path, strategy: str, head: str = "text", seed: int = 0) -> Detector:
    """A detector whose trained parameters have moved away from the base."""
    network = tuned_network(load_backbone(CLIP), Tuning(strategy=strategy, head=head), seed).network
    with torch.no_grad():
        for number, parameter in enumerate(network.parameters()):
            if parameter.requires_grad:
                generator = torch.Generator().manual_seed(1000 * seed + number)
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    card = DetectorCard(
        tool_version="0",
        backbone=describe_backbone(network.backbone),
        strategy=strategy,
        head=head,
        geometry=GEOMETRY.to_dict(),
        face_detector="none",
    )
    path = folder / f"{strategy}-{head}-{seed}.safetensors"
    save_detector(path, network, card)
    return load_detector(path, "cpu")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_tower_is_frozen_where_it_is_said_to_be(strategy):
    tuned = tuned_network(
        load_backbone(CLIP), Tuning(strategy=strategy, head="text" if strategy != "linear" else "linear")
    )
    assert tuned.network.trains_tower == (strategy not in FROZEN)


def test_pictures_are_encoded_once_for_all_detectors_on_a_frozen_base(tmp_path):
    files = []
    for number in range(4):
        Image.fromarray(crop(number, side=40 + 9 * number)).save(tmp_path / f"{number}.png")
        files.append((tmp_path / f"{number}.png", None))
    squares = [views(np.asarray(Image.open(path)), GEOMETRY)[0][1] for path, _ in files]
    frozen = [detector(tmp_path, "linear", "linear"), detector(tmp_path, "prompt"), detector(tmp_path, "adapter")]
    for each in frozen:
        encoded = encode_pictures(files, Tower.of(each), GEOMETRY, tmp_path / "features")
        np.testing.assert_allclose(each.classify(encoded.read(range(4))[:, 0]), each.score(squares), atol=1e-6)
    assert len(list((tmp_path / "features").glob("*/index"))) == 1


def test_detectors_that_changed_the_tower_have_features_of_their_own(tmp_path):
    made = [detector(tmp_path, "ln"), detector(tmp_path, "ln", seed=1), detector(tmp_path, "lora")]
    made.append(detector(tmp_path, "linear", "linear"))
    assert len({Tower.of(each).identity(GEOMETRY).digest for each in made}) == 4
    picture = crop(3, side=32)
    tower = Tower.of(made[0])
    feature = tower.encode(tower.preprocess.resize(picture)[None])
    np.testing.assert_allclose(made[0].classify(feature), made[0].score([picture]), atol=1e-6)


def test_precision_is_part_of_the_identity():
    backbone = load_backbone(CLIP)
    towers = [Tower.of_base(backbone, torch.device("cpu"), precision) for precision in ("fp32", "bf16")]
    assert len({tower.identity(GEOMETRY).digest for tower in towers}) == 2
