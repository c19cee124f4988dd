"""Small towers of the classes of PE-Core and DINOv3, of timm's and transformers' own modules, with random weights."""

from __future__ import annotations

import json
from pathlib import Path

import open_clip
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import DINOv3ViTConfig, DINOv3ViTModel

_TEXT = {"context_length": 8, "vocab_size": 64, "width": 32, "heads": 1, "layers": 1}
PE, DINO, DINO_BIASED = "tiny-pe", "small-dinov3", "tiny-dinov3-biased"
# timm builds the first for 384 pixels and the others for 224
SIDES = {PE: 128, DINO: 96, DINO_BIASED: 64}
WIDTHS = {PE: 192, DINO: 384, DINO_BIASED: 192}
_TOWERS = {
    PE: {"timm_model_name": "vit_pe_core_tiny_patch16_384", "timm_pool": "map", "timm_proj": None},
    DINO: {"timm_model_name": "vit_small_patch16_dinov3", "timm_pool": "token", "timm_proj": "none"},
    DINO_BIASED: {"timm_model_name": "vit_tiny_patch16_dinov3_qkvb", "timm_pool": "token", "timm_proj": "none"},
}


def register(folder: Path) -> None:
    """Make open_clip know them."""
    for name, tower in _TOWERS.items():
        vision = {"image_size": SIDES[name], "timm_model_pretrained": False, **tower}
        config = {"embed_dim": WIDTHS[name], "custom_text": True, "vision_cfg": vision, "text_cfg": _TEXT}
        (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder)


def pe_core(seed: int = 0) -> nn.Module:
    """timm's PE-Core as GenD's encoder builds it: any side, no projection."""
    torch.manual_seed(seed)
    tower = timm.create_model("vit_pe_core_tiny_patch16_384", dynamic_img_size=True).eval()
    tower.head = nn.Identity()
    return _stirred(tower)


def dinov3(name: str = DINO, seed: int = 0) -> DINOv3ViTModel:
    """transformers' DINOv3; the biases of queries and values are zero but for that of :data:`DINO_BIASED`."""
    torch.manual_seed(seed)
    width = WIDTHS[name]
    config = DINOv3ViTConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=12,
        num_attention_heads=width // 64,
        num_register_tokens=4,
        image_size=224,
        patch_size=16,
        layerscale_value=0.5,
    )
    tower = _stirred(DINOv3ViTModel(config).eval())
    if name != DINO_BIASED:
        with torch.no_grad():
            for each, parameter in tower.named_parameters():
                if each.endswith(("q_proj.bias", "v_proj.bias")):
                    parameter.zero_()
    return tower


def published_names(tower: nn.Module) -> dict[str, Tensor]:
    """A tower's tensors as files hold them: transformers keeps ``layer.0`` in files what it calls ``model.layer.0``."""
    return {name.removeprefix("model."): tensor.contiguous() for name, tensor in tower.state_dict().items()}


def pictures(side: int, count: int = 4) -> Tensor:
    """Normalised pictures (count, 3, side, side)."""
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(7))


class Encoder(nn.Module):
    """``feature_extractor`` of GenD on these: PE-Core's pooled output, DINOv3's class token."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, batch: Tensor) -> Tensor:
        answer = self.backbone(batch)
        return answer if isinstance(answer, Tensor) else answer.last_hidden_state[:, 0]


class Published(nn.Module):
    """GenD: a tuned tower, and a linear map of its normalised feature."""

    def __init__(self, backbone: nn.Module, width: int) -> None:
        super().__init__()
        self.feature_extractor = Encoder(backbone)
        self.model = nn.ModuleDict({"linear": nn.Linear(width, 2)})
        nn.init.normal_(self.model["linear"].weight, std=2.0)

    def forward(self, batch: Tensor) -> Tensor:
        return self.model["linear"](F.normalize(self.feature_extractor(batch), p=2, dim=1))

    def tune(self, *words: str) -> None:
        """Change, at random, every parameter of the tower with one of these words in its name, as GenD picks them."""
        with torch.no_grad():
            for name, parameter in self.feature_extractor.named_parameters():
                if any(word in name for word in words):
                    parameter.add_(0.2 * torch.randn(parameter.shape))

    def file(self) -> dict[str, Tensor]:
        """Its tensors as published: transformers 4, with which it was, has no ``model`` above ``layer``."""
        state = self.state_dict()
        return {
            name.replace("backbone.model.layer", "backbone.layer"): each.contiguous() for name, each in state.items()
        }


def _stirred(tower: nn.Module) -> nn.Module:
    """First weights leave much at one or zero; here nothing is."""
    with torch.no_grad():
        for parameter in tower.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape))
    return tower
