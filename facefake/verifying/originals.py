"""Published detectors run as their authors run them: modules of ``transformers`` and ``timm``, and published weights.

Nothing of :mod:`facefake.importing` is used, whose work this is to check: tensors go into the libraries' own modules
under the names they were published with. ``transformers`` and ``timm`` are needed here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from facefake.opening.opened import Opened
from facefake.registry.entry import Entry
from facefake.verifying import picture_originals as pictures
from facefake.verifying.modules import Original, below, config_of, filled, linear, odds, vision_settings
from preprocessing.errors import FacefakeError

_PEFT_TUNED, _PEFT_UNTUNED = ".ln_tuning_layers.default.", ".base_layer."


def original(opened: Opened, entry: Entry) -> Original:
    """The authors' network with the published weights.

    Args:
        opened: The published file.
        entry: What is known of it.

    Raises:
        FacefakeError: ``package_missing``; ``weights_not_found`` if it needs a base that is not here;
            ``import_mismatch`` if a tensor that the network has is missing or of another shape.
    """
    try:
        return BUILD[entry.form](opened, entry)
    except ImportError as error:
        raise FacefakeError(
            "package_missing", f"comparing with the authors' modules needs {error.name}", "pip install transformers"
        ) from error


def _gend_clip(opened: Opened, entry: Entry) -> Original:
    """GenD's and the first paper's: ``F.normalize`` of CLIP's pooled output, then a linear map."""
    tensors = {
        name.replace(_PEFT_TUNED, "."): each for name, each in opened.tensors.items() if _PEFT_UNTUNED not in name
    }
    tower = _vision_model(entry, below(tensors, "vision_model."))
    head = linear(tensors, "model.linear.")
    return lambda pictures: odds(head(functional.normalize(tower(pictures).pooler_output, dim=1)))


def _effort(opened: Opened, entry: Entry) -> Original:
    """Effort's: every attention's matrix is ``weight_main`` and its tuned residual, the head a linear map."""
    tensors = {}
    for name, each in opened.tensors.items():
        stem, _, part = name.rpartition(".")
        if part == "weight_main":
            left, scale, right = (opened.tensors[f"{stem}.{side}_residual"].float() for side in "USV")
            tensors[f"{stem}.weight"] = each.float() + left @ torch.diag(scale) @ right
        elif not part.startswith(("U_", "S_", "V_")):
            tensors[name] = each
    tower, head = _vision_model(entry, below(tensors, "backbone.")), linear(tensors, "head.")
    return lambda pictures: odds(head(tower(pictures).pooler_output))


def _gend_pe(opened: Opened, entry: Entry) -> Original:
    """GenD's on PE-Core: timm's model at any picture's size, without its head."""
    import timm

    model = timm.create_model(_timm_name(entry), pretrained=False, dynamic_img_size=True)
    model.head = nn.Identity()
    tower = filled(model, below(opened.tensors, "feature_extractor.backbone."))
    head = linear(opened.tensors, "model.linear.")
    return lambda pictures: odds(head(functional.normalize(tower(pictures), dim=1)))


def _gend_dinov3(opened: Opened, entry: Entry) -> Original:
    """GenD's on DINOv3: the class token of transformers' model."""
    import timm
    from transformers import DINOv3ViTConfig, DINOv3ViTModel

    with torch.device("meta"):  # for its sizes alone
        blocks: Any = timm.create_model(_timm_name(entry), pretrained=False)
    tensors = below(opened.tensors, "feature_extractor.backbone.")
    patches = tensors["embeddings.patch_embeddings.weight"]
    config = DINOv3ViTConfig(
        hidden_size=patches.shape[0],
        patch_size=patches.shape[-1],
        num_hidden_layers=len(blocks.blocks),
        num_attention_heads=blocks.blocks[0].attn.num_heads,
        intermediate_size=blocks.blocks[0].mlp.fc1.out_features,
        num_register_tokens=tensors["embeddings.register_tokens"].shape[1],
    )
    model = DINOv3ViTModel(config)
    deeper = set(model.state_dict())  # transformers 5 has a level of names more than it writes
    named = {f"model.{name}" if f"model.{name}" in deeper else name: each for name, each in tensors.items()}
    tower = filled(model, named)
    head = linear(opened.tensors, "model.linear.")
    return lambda pictures: odds(head(functional.normalize(tower(pictures).last_hidden_state[:, 0], dim=1)))


BUILD: dict[str, Callable[[Opened, Entry], Original]] = {
    "gend-clip": _gend_clip,
    "ln-clip": _gend_clip,
    "gend-pe": _gend_pe,
    "gend-dinov3": _gend_dinov3,
    "effort": _effort,
    "ufd": pictures.ufd,
    "clipping-prompt": pictures.clipping_prompt,
    "clipping-adapter": pictures.clipping_adapter,
    "clipping-linear": pictures.clipping_linear,
    "clipping-full": pictures.clipping_full,
}
"""Of each form of :data:`facefake.importing.forms.FORMS`."""


def _vision_model(entry: Entry, tensors: Mapping[str, Tensor]) -> nn.Module:
    """transformers' visual tower of CLIP with the sizes of the entry's backbone."""
    from transformers import CLIPVisionConfig, CLIPVisionModel

    model = CLIPVisionModel(CLIPVisionConfig(**vision_settings(config_of(entry))))
    # a level of names that transformers 5 gave up
    return filled(getattr(model, "vision_model", model), tensors)


def _timm_name(entry: Entry) -> str:
    return str(config_of(entry)["vision_cfg"]["timm_model_name"])
