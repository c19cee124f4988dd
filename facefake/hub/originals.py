"""Published detectors run as their authors run them: modules of ``transformers`` and ``timm``, and published weights.

Nothing of :mod:`facefake.importing` is used, whose work this is to check: tensors go into the libraries' own modules
under the names they were published with. ``transformers`` and ``timm`` are needed here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import open_clip
import torch
from torch import Tensor, nn
from torch.nn import functional

from facefake.importing.opened import Opened
from facefake.registry.entry import Entry
from preprocessing.errors import FacefakeError

Original: TypeAlias = Callable[[Tensor], Tensor]
"""From normalised pictures (n, 3, side, side) to the log-odds of fake (n,)."""

_PEFT_TUNED, _PEFT_UNTUNED = ".ln_tuning_layers.default.", ".base_layer."


def original(opened: Opened, entry: Entry) -> Original | None:
    """The authors' network with the published weights; ``None`` of forms that are not built here.

    Args:
        opened: The published file.
        entry: What is known of it.

    Raises:
        FacefakeError: ``package_missing``; ``weights_not_found`` if it needs a base that is not here in the library's
            form; ``import_mismatch`` if a tensor that the network has is missing or of another shape.
    """
    build = _BUILD.get(entry.form)
    if build is None:
        return None
    try:
        return build(opened, entry)
    except ImportError as error:
        raise FacefakeError(
            "package_missing", f"comparing with the authors' modules needs {error.name}", "pip install transformers"
        ) from error


def _gend_clip(opened: Opened, entry: Entry) -> Original:
    """GenD's and the first paper's: ``F.normalize`` of CLIP's pooled output, then a linear map."""
    tensors = {
        name.replace(_PEFT_TUNED, "."): each for name, each in opened.tensors.items() if _PEFT_UNTUNED not in name
    }
    tower = _vision_model(entry, _below(tensors, "vision_model."))
    head = _linear(tensors, "model.linear.")
    return lambda pictures: _odds(head(functional.normalize(tower(pictures).pooler_output, dim=1)))


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
    tower, head = _vision_model(entry, _below(tensors, "backbone.")), _linear(tensors, "head.")
    return lambda pictures: _odds(head(tower(pictures).pooler_output))


def _gend_pe(opened: Opened, entry: Entry) -> Original:
    """GenD's on PE-Core: timm's model at any picture's size, without its head."""
    import timm

    model = timm.create_model(_timm_name(entry), pretrained=False, dynamic_img_size=True)
    model.head = nn.Identity()
    tower = _filled(model, _below(opened.tensors, "feature_extractor.backbone."))
    head = _linear(opened.tensors, "model.linear.")
    return lambda pictures: _odds(head(functional.normalize(tower(pictures), dim=1)))


def _gend_dinov3(opened: Opened, entry: Entry) -> Original:
    """GenD's on DINOv3: the class token of transformers' model."""
    import timm
    from transformers import DINOv3ViTConfig, DINOv3ViTModel

    blocks: Any = timm.create_model(_timm_name(entry), pretrained=False)  # for the sizes alone
    tensors = _below(opened.tensors, "feature_extractor.backbone.")
    patches = tensors["embeddings.patch_embeddings.weight"]
    config = DINOv3ViTConfig(
        hidden_size=patches.shape[0],
        patch_size=patches.shape[-1],
        num_hidden_layers=len(blocks.blocks),
        num_attention_heads=blocks.blocks[0].attn.num_heads,
        intermediate_size=blocks.blocks[0].mlp.fc1.out_features,
        num_register_tokens=tensors["embeddings.register_tokens"].shape[1],
    )
    tower = _filled(DINOv3ViTModel(config), tensors)
    head = _linear(opened.tensors, "model.linear.")
    return lambda pictures: _odds(head(functional.normalize(tower(pictures).last_hidden_state[:, 0], dim=1)))


def _ufd(opened: Opened, entry: Entry) -> Original:
    """UniversalFakeDetect's: one logit of fake on OpenAI's image feature, which is not normalised."""
    model = _openai_clip()
    head = _linear(opened.tensors, "")
    return lambda pictures: head(model.visual_projection(model.vision_model(pictures).pooler_output))[:, 0]


_BUILD: dict[str, Callable[[Opened, Entry], Original]] = {
    "gend-clip": _gend_clip,
    "ln-clip": _gend_clip,
    "gend-pe": _gend_pe,
    "gend-dinov3": _gend_dinov3,
    "effort": _effort,
    "ufd": _ufd,
}


def _odds(logits: Tensor) -> Tensor:
    """Log-odds of fake, of logits in the order real, fake."""
    return logits[:, 1] - logits[:, 0]


def _vision_model(entry: Entry, tensors: Mapping[str, Tensor]) -> nn.Module:
    """transformers' visual tower of CLIP with the sizes of the entry's backbone."""
    from transformers import CLIPVisionConfig, CLIPVisionModel

    config: Any = open_clip.get_model_config(entry.backbone.name)
    vision = config["vision_cfg"]
    model = CLIPVisionModel(
        CLIPVisionConfig(
            hidden_size=vision["width"],
            intermediate_size=4 * vision["width"],
            num_hidden_layers=vision["layers"],
            num_attention_heads=vision["width"] // vision.get("head_width", 64),
            image_size=vision["image_size"],
            patch_size=vision["patch_size"],
            hidden_act="quick_gelu" if config.get("quick_gelu") else "gelu",
        )
    )
    # a level of names that transformers 5 gave up
    return _filled(getattr(model, "vision_model", model), tensors)


def _openai_clip() -> Any:
    """OpenAI's CLIP as transformers publishes it, from the hub's cache alone."""
    from transformers import CLIPModel

    name = "openai/clip-vit-large-patch14"
    try:
        return CLIPModel.from_pretrained(name, local_files_only=True, attn_implementation="eager").eval()
    except (OSError, ValueError) as error:
        raise FacefakeError(
            "weights_not_found", f"{name} in transformers' form is not on this machine", f"hf download {name}"
        ) from error


def _timm_name(entry: Entry) -> str:
    config: Any = open_clip.get_model_config(entry.backbone.name)
    return str(config["vision_cfg"]["timm_model_name"])


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """What stands below a prefix, wherever that stands itself."""
    return {name.rpartition(prefix)[2]: each for name, each in tensors.items() if prefix in name}


def _linear(tensors: Mapping[str, Tensor], name: str) -> nn.Module:
    """The linear map of that name, wherever it stands."""
    stem = next((each.removesuffix("weight") for each in tensors if each.endswith(f"{name}weight")), None)
    if stem is None:
        raise FacefakeError("import_mismatch", f"the published file has no {name}weight", "Is it the right file?")
    found = {part: tensors[f"{stem}{part}"] for part in ("weight", "bias")}
    rows, columns = found["weight"].shape
    return _filled(nn.Linear(columns, rows), found)


def _filled(module: nn.Module, tensors: Mapping[str, Tensor]) -> nn.Module:
    """A module with all of its parameters from the file."""
    try:
        loaded = module.load_state_dict({name: each.float() for name, each in tensors.items()}, strict=False)
    except RuntimeError as error:
        raise FacefakeError(
            "import_mismatch",
            f"the published file does not fit the authors' network: {str(error).splitlines()[-1].strip()}",
            "Is it the right file?",
        ) from error
    parameters = {name for name, _ in module.named_parameters()}
    if missing := sorted(parameters.intersection(loaded.missing_keys)):
        raise FacefakeError("import_mismatch", f"the published file lacks {missing[0]}", "Is it the right file?")
    return module.eval()
