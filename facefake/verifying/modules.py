"""Networks in their own libraries' modules, with published tensors in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import open_clip
from torch import Tensor, nn

from facefake.models.tower import check_name
from facefake.registry.entry import Entry
from preprocessing.errors import FacefakeError

Original: TypeAlias = Callable[[Tensor], Tensor]
"""A published detector as its authors run it: normalised pictures (n, 3, side, side) to the log-odds of fake (n,)."""


def config_of(entry: Entry) -> dict[str, Any]:
    """The sizes of an entry's backbone, as open_clip writes them down."""
    check_name(entry.backbone.name)
    return dict(open_clip.get_model_config(entry.backbone.name))


def vision_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """transformers' settings for a visual tower of CLIP of these sizes."""
    vision = config["vision_cfg"]
    return {
        "hidden_size": vision["width"],
        "intermediate_size": 4 * vision["width"],
        "num_hidden_layers": vision["layers"],
        "num_attention_heads": vision["width"] // vision.get("head_width", 64),
        "image_size": vision["image_size"],
        "patch_size": vision["patch_size"],
        "hidden_act": activation(config),
    }


def activation(config: Mapping[str, Any]) -> str:
    """transformers' name for what is between the two layers of CLIP's small networks."""
    return "quick_gelu" if config.get("quick_gelu") else "gelu"


def odds(logits: Tensor) -> Tensor:
    """Log-odds of fake, of logits in the order real, fake."""
    return logits[:, 1] - logits[:, 0]


def below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """What stands below a prefix, wherever that stands itself."""
    return {name.rpartition(prefix)[2]: each for name, each in tensors.items() if prefix in name}


def linear(tensors: Mapping[str, Tensor], name: str) -> nn.Module:
    """The linear map of that name, wherever it stands."""
    stem = next((each.removesuffix("weight") for each in tensors if each.endswith(f"{name}weight")), None)
    if stem is None:
        raise FacefakeError("import_mismatch", f"the published file has no {name}weight", "Is it the right file?")
    found = {part: tensors[f"{stem}{part}"] for part in ("weight", "bias")}
    rows, columns = found["weight"].shape
    return filled(nn.Linear(columns, rows), found)


def filled(module: nn.Module, tensors: Mapping[str, Tensor]) -> nn.Module:
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
