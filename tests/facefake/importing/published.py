"""Small detectors as their authors publish them: built of the modules of transformers and peft, with random weights.

Each is a base in open_clip's form and the authors' network on the same base, tuned by random amounts.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPVisionConfig, CLIPVisionModel

from facefake.models import BackboneSpec, Detector, load_backbone
from facefake.models.tower import random_tower
from facefake.registry.entry import Entry, Hub, Licence
from preprocessing.faces.align import CropGeometry

NAME, SIDE, DIM = "tiny-vit", 32, 64
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def base_file(folder: Path, seed: int = 0) -> Path:
    """A whole tower's weights in open_clip's form, as the hub holds them; LayerNorms are not as they were made."""
    load_backbone(BackboneSpec(NAME, "random:0"))  # makes open_clip know the shipped configs
    visual = random_tower(NAME, seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in visual.named_parameters():
            if "ln_" in name or name.endswith("bias"):
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    path = folder / f"base-{seed}.safetensors"
    save_file({f"visual.{name}": each.contiguous() for name, each in visual.state_dict().items()}, path)
    return path


def vision_model(base: Path) -> CLIPVisionModel:
    """transformers' vision model with the weights of a base."""
    config = CLIPVisionConfig(
        hidden_size=DIM,
        intermediate_size=4 * DIM,
        projection_dim=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=SIDE,
        patch_size=8,
        hidden_act="quick_gelu",
    )
    model, visual = CLIPVisionModel(config).eval(), load_backbone(BackboneSpec(NAME, str(base))).visual
    with torch.no_grad():
        model.embeddings.class_embedding.copy_(visual.class_embedding)
        model.embeddings.patch_embedding.weight.copy_(visual.conv1.weight)
        model.embeddings.position_embedding.weight.copy_(visual.positional_embedding)
        model.pre_layrnorm.load_state_dict(visual.ln_pre.state_dict())
        model.post_layernorm.load_state_dict(visual.ln_post.state_dict())
        for theirs, ours in zip(model.encoder.layers, visual.transformer.resblocks, strict=True):
            theirs.layer_norm1.load_state_dict(ours.ln_1.state_dict())
            theirs.layer_norm2.load_state_dict(ours.ln_2.state_dict())
            theirs.mlp.fc1.load_state_dict(ours.mlp.c_fc.state_dict())
            theirs.mlp.fc2.load_state_dict(ours.mlp.c_proj.state_dict())
            theirs.self_attn.out_proj.load_state_dict(ours.attn.out_proj.state_dict())
            for place, layer in enumerate(("q_proj", "k_proj", "v_proj")):
                rows = slice(place * DIM, (place + 1) * DIM)
                getattr(theirs.self_attn, layer).weight.copy_(ours.attn.in_proj_weight[rows])
                getattr(theirs.self_attn, layer).bias.copy_(ours.attn.in_proj_bias[rows])
    return model


class Encoder(nn.Module):
    """``feature_extractor`` of both papers: the pooled output of CLIP, the projection kept but not used."""

    def __init__(self, vision: nn.Module) -> None:
        super().__init__()
        self.vision_model = vision
        self.visual_projection = nn.Linear(DIM, 32, bias=False)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.vision_model(pictures).pooler_output


class Probe(nn.Module):
    """``model`` of both papers."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(DIM, 2)
        nn.init.normal_(self.linear.weight, std=2.0)
        nn.init.normal_(self.linear.bias)

    def forward(self, feature: Tensor) -> Tensor:
        return self.linear(F.normalize(feature, p=2, dim=1))


class Published(nn.Module):
    """The network of both papers."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.feature_extractor = encoder
        self.model = Probe()

    def forward(self, pictures: Tensor) -> Tensor:
        return self.model(self.feature_extractor(pictures))


def tune(module: nn.Module, amount: float = 0.2) -> None:
    """Change a module's parameters as training would, at random."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(amount * torch.randn(parameter.shape))


def gend(base: Path) -> Published:
    """GenD on CLIP: every LayerNorm tuned in place."""
    network = Published(Encoder(vision_model(base))).eval()
    for module in network.modules():
        if isinstance(module, nn.LayerNorm):
            tune(module)
    return network


def ln_clip(base: Path) -> Published:
    """The first paper's: LayerNorms tuned with peft, by the names its config gives them."""
    from peft import LNTuningConfig, get_peft_model

    targets = ["pre_layrnorm", "layer_norm1", "layer_norm2", "post_layernorm", "layernorm"]
    network = Published(get_peft_model(Encoder(vision_model(base)), LNTuningConfig(target_modules=targets))).eval()
    for name, module in network.named_modules():
        if name.endswith("ln_tuning_layers.default"):
            tune(module)
    return network


class Residual(nn.Module):
    """A linear layer of which the last singular components are apart, to be tuned."""

    def __init__(self, layer: nn.Linear, count: int) -> None:
        super().__init__()
        left, scale, right = torch.linalg.svd(layer.weight.detach(), full_matrices=False)
        kept = len(scale) - count
        self.weight_main = nn.Parameter(left[:, :kept] @ torch.diag(scale[:kept]) @ right[:kept])
        self.bias = nn.Parameter(layer.bias.detach().clone())
        self.S_residual = nn.Parameter(scale[kept:].clone())
        self.U_residual = nn.Parameter(left[:, kept:].clone())
        self.V_residual = nn.Parameter(right[kept:].clone())
        self.S_r, self.U_r = nn.Parameter(scale[:kept].clone()), nn.Parameter(left[:, :kept].clone())
        self.V_r = nn.Parameter(right[:kept].clone())

    def forward(self, x: Tensor) -> Tensor:
        residual = self.U_residual @ torch.diag(self.S_residual) @ self.V_residual
        return F.linear(x, self.weight_main + residual, self.bias)


class Effort(nn.Module):
    """Effort: residuals in every attention, and a linear map of the feature."""

    def __init__(self, base: Path, count: int = 1) -> None:
        super().__init__()
        self.backbone = vision_model(base)
        self.head = nn.Linear(DIM, 2)
        tune(self.head)
        for layer in self.backbone.encoder.layers:
            for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
                residual = Residual(getattr(layer.self_attn, name), count)
                tune(nn.ParameterList([residual.S_residual, residual.U_residual, residual.V_residual]), 0.3)
                setattr(layer.self_attn, name, residual)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.backbone(pictures)["pooler_output"])


_GEND = Entry(
    name="small",
    title="a small detector",
    use_for="tests",
    detects="face",
    form="gend-clip",
    sources=(Hub("nobody/small", "model.safetensors"),),
    backbone=BackboneSpec(NAME, "random:0"),
    strategy="ln",
    head="hyperspherical",
    geometry=CropGeometry(),
    face_detector="scrfd",
    preprocessing="",
    polarity="",
    trained_on="",
    training_sets=("ffpp",),
    code=Licence("MIT", "https://example.org/code", commercial=True),
    weights=Licence("CC-BY-NC-4.0", "https://example.org/weights", commercial=False),
    paper="",
    project="https://example.org/project",
    figures=(),
    verified="",
    unverified="",
)


def entry(form: str, base: Path) -> Entry:
    """What is known of the small detector of a form on a base."""
    small = replace(_GEND, form=form, backbone=BackboneSpec(NAME, str(base)))
    return replace(small, strategy="lora", head="linear") if form == "effort" else small


def pictures(count: int = 6) -> list[np.ndarray]:
    """uint8 RGB (SIDE, SIDE, 3) each."""
    drawn = np.random.default_rng(3).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)
    return list(drawn)


def published_evidence(network: nn.Module) -> np.ndarray:
    """Logit of fake less that of real, as the authors' network gives them, float64."""
    batch = torch.tensor(np.stack(pictures())).permute(0, 3, 1, 2) / 255
    batch = (batch - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    with torch.no_grad():
        logits = network(batch).double()
    return (logits[:, 1] - logits[:, 0]).numpy()


def our_evidence(detector: Detector) -> np.ndarray:
    """The same of a detector file, from what it answers."""
    fake = detector.score(pictures())
    return np.log(fake) - np.log1p(-fake)


def lightning(network: nn.Module, **settings: Any) -> dict[str, Any]:
    """What Lightning saves of a network."""
    return {
        "epoch": 3,
        "global_step": 100,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": network.state_dict(),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1e-4}]}],
        "lr_schedulers": [],
        "hparams_name": "config",
        "hyper_parameters": {"run_name": "small", "head": "LinearNorm", "num_classes": 2, **settings},
    }


def digest(file: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
