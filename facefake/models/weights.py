"""Where a backbone's weights come from: a file on this machine, a published tag or the hub, never an unsafe pickle."""

from __future__ import annotations

from pathlib import Path

import huggingface_hub
import open_clip
from huggingface_hub import constants as hub
from torch import Tensor

from facefake.connection import why_offline
from facefake.models.spec import HUB_PREFIX
from facefake.opening import opened
from preprocessing.errors import FacefakeError

# file names under which open_clip keeps a model on the hub, best first
HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
# and that under which timm and transformers keep a tower alone
TOWER_FILE = "model.safetensors"


def local_file(name: str, weights: str) -> Path | None:
    """The file that holds the weights on this machine, without asking the network; ``None`` if there is none yet.

    Args:
        name: Backbone name of open_clip.
        weights: A published tag, a path, or ``hf-hub:org/model``.
    """
    if Path(weights).suffix in (".safetensors", ".pt", ".bin"):
        return Path(weights) if Path(weights).is_file() else None
    repository = hub_repository(name, weights)
    if repository is None:
        return None
    cached = (huggingface_hub.try_to_load_from_cache(repository, file) for file in hub_files(name, weights))
    return next((Path(path) for path in cached if isinstance(path, str)), None)


def hub_repository(name: str, weights: str) -> str | None:
    """The hub repository that holds the weights, ``None`` if open_clip knows none."""
    if weights.startswith(HUB_PREFIX):
        return weights.removeprefix(HUB_PREFIX)
    published = open_clip.get_pretrained_cfg(name, weights)
    return str(published["hf_hub"]).rstrip("/") if published and published.get("hf_hub") else None


def hub_files(name: str, weights: str) -> tuple[str, ...]:
    """File names under which a repository may keep the weights, best first.

    Behind a published tag, and behind a backbone that is itself one of the hub, are open_clip's files; a repository
    that is named as the weights may be timm's or transformers' as well.
    """
    any_make = weights.startswith(HUB_PREFIX) and not name.startswith(HUB_PREFIX)
    return (*HUB_FILES, TOWER_FILE) if any_make else HUB_FILES


def file_to_bring(name: str, weights: str) -> str:
    """Which of a repository's files somebody without a network brings along, in words."""
    return " or else ".join(file for file in hub_files(name, weights) if file.endswith(".safetensors"))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a weights file.

    Args:
        path: ``.safetensors``, a pickle, or a TorchScript archive such as OpenAI's own ``ViT-L-14.pt``; none of it is
            run, see :func:`facefake.opening.opened.open_published`.

    Raises:
        FacefakeError: ``weights_not_found`` if there is no such file, ``weights_invalid`` if it cannot be read safely.
    """
    if not path.is_file():
        raise FacefakeError("weights_not_found", f"there is no weights file {path}", "Check backbone.weights.")
    try:
        return opened.read_tensors(path)
    except FacefakeError as error:
        raise FacefakeError(
            "weights_invalid",
            error.message,
            f"Bring the weights as safetensors, e.g. {HUB_FILES[0]} of the model's page on the Hugging Face hub.",
        ) from error


def visual_part(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Those of the visual tower, their names relative to it, of a whole model's tensors or of the tower's own."""
    visual = {name.removeprefix("visual."): value for name, value in state.items() if name.startswith("visual.")}
    return visual or state


def require_network(repository: str | None, what: str, file: str = HUB_FILES[0]) -> None:
    """Fail at once where the hub's name does not resolve, rather than after the client's minute of retries.

    Raises:
        FacefakeError: ``weights_not_found``.
    """
    if reason := why_offline():
        raise not_found(repository, what, reason, file)


def not_found(repository: str | None, what: str, reason: str, file: str = HUB_FILES[0]) -> FacefakeError:
    """The error for weights that cannot be had, with the file to bring."""
    bring = f"{file} from {hub.ENDPOINT}/{repository}" if repository else "the weights as a .safetensors file"
    return FacefakeError(
        "weights_not_found",
        f"{what} are not on this machine and could not be fetched ({reason})",
        f"With a network they are fetched by themselves. Without: copy {bring} here and name it, "
        "`facefake train --set backbone.weights=PATH`; beside a detector file it is found by itself.",
    )
