"""An exported detector, run by ONNX Runtime."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from facefake.models.adapter import Adapter
from facefake.models.card import DetectorCard
from facefake.models.heads import HEADS, Output
from facefake.models.network import Network
from facefake.models.onnx.file import check_alone, invalid, read_metadata
from preprocessing.device import pick_device
from preprocessing.errors import FacefakeError, first_line
from preprocessing.onnx_runtime import load_runtime, runtime_errors

HEAD_KEY = "facefake_head"
INPUT, OUTPUTS = "pictures", ("score", "feature", "logits")
# of the logits of one picture, by the graph and by the head beside it: they are the same weights in float32
_TOLERANCE = 1e-3


class OnnxRunner:
    """A graph that ONNX Runtime runs; features that were kept are classified by the head, kept beside the graph.

    Args:
        path: An ``.onnx`` file that ``facefake export`` wrote.
        card: Its card.
        precision: What it was exported in.
        device: ``cpu``, ``cuda``, ``cuda:N``; ``None`` or ``auto``: CUDA if there is one and this ONNX Runtime can use
            it.

    Raises:
        FacefakeError: ``export_invalid``, ``device_unavailable``, ``package_missing``.
    """

    def __init__(self, path: Path, card: DetectorCard, precision: str, device: str | None) -> None:
        check_alone(path)
        self.precision = precision
        self._path, self._runtime = path, load_runtime()
        self.device = self._device(device)
        self._session = self._open(path)
        self.dim = self._check_signature(card.backbone.image_size)
        self._head = _unpacked(path, card, self.dim)
        self._check_answers(card.backbone.image_size)

    def features(self, pictures: Tensor) -> NDArray[np.float32]:
        """As :meth:`facefake.models.runner.Encoder.features`."""
        return self._run(["feature"], pictures)[0]

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """As :meth:`facefake.models.runner.Runner.logits`."""
        with torch.inference_mode():
            output: Output = self._head(torch.from_numpy(features))
        found: NDArray[np.float32] = output.logits.numpy()
        return found

    def answers(self, pictures: Tensor) -> dict[str, NDArray[np.float32]]:
        """All that the graph itself answers: ``score`` (n,), ``feature`` (n, dim) and ``logits`` (n, 2)."""
        return dict(zip(OUTPUTS, self._run(list(OUTPUTS), pictures), strict=True))

    def _device(self, name: str | None) -> torch.device:
        able = "CUDAExecutionProvider" in self._runtime.get_available_providers()
        if name in (None, "auto"):
            return pick_device("cuda" if able and torch.cuda.is_available() else "cpu")
        device = pick_device(name)
        if device.type != "cpu" and not (device.type == "cuda" and able):
            raise FacefakeError(
                "device_unavailable",
                f"the ONNX Runtime installed here does not run on {name}",
                "Use --device cpu, or `pip install onnxruntime-gpu` in place of onnxruntime for CUDA.",
            )
        return device

    def _open(self, path: Path) -> Any:
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 4  # what is wrong is raised
        cuda = ("CUDAExecutionProvider", {"device_id": self.device.index or 0})
        providers = [*([cuda] if self.device.type == "cuda" else []), "CPUExecutionProvider"]
        try:
            return self._runtime.InferenceSession(str(path), options, providers=providers, enable_fallback=0)
        except runtime_errors() as error:
            raise invalid(path, f"ONNX Runtime does not open it ({first_line(error)})") from error

    def _check_signature(self, side: int) -> int:
        """The width of a feature, of a graph that takes and gives what an exported detector does."""
        taken = {each.name: (each.type, each.shape[1:]) for each in self._session.get_inputs()}
        given = {each.name: (each.type, each.shape[1:]) for each in self._session.get_outputs()}
        widths = given.get("feature", ("", [None]))[1]
        wanted = dict(zip(OUTPUTS, (("tensor(float)", shape) for shape in ([], widths, [2])), strict=True))
        if taken != {INPUT: ("tensor(uint8)", [3, side, side])} or given != wanted or not isinstance(widths[0], int):
            raise invalid(self._path, f"it takes {taken} and gives {given}")
        return int(widths[0])

    def _check_answers(self, side: int) -> None:
        """See, before anything is scored, that the graph runs, and that the head is the graph's own."""
        found = self.answers(torch.full((1, 3, side, side), 128, dtype=torch.uint8))
        if not all(np.isfinite(each).all() for each in found.values()):
            raise invalid(self._path, "it answers what is no number")
        apart = np.abs(self.logits(found["feature"]) - found["logits"]).max()
        if apart > _TOLERANCE * max(1.0, np.abs(found["logits"]).max()):
            raise invalid(self._path, "its head is not the one in its graph")

    def _run(self, names: list[str], pictures: Tensor) -> list[NDArray[np.float32]]:
        # integers are scaled by the largest activation of all pictures run together, and a score is of one picture
        at_once = 1 if self.precision == "int8" else max(1, len(pictures))
        try:
            parts = [self._session.run(names, {INPUT: each.cpu().numpy()}) for each in pictures.split(at_once)]
        except runtime_errors() as error:
            raise invalid(self._path, f"its graph does not run ({first_line(error)})") from error
        return [np.concatenate(found) for found in zip(*parts, strict=True)]


def packed(network: Network) -> str:
    """Head and adapter of a network, as :class:`OnnxRunner` finds them in a file's metadata under :data:`HEAD_KEY`."""
    tensors = {
        name: tensor.detach().float().cpu().contiguous()
        for name, tensor in network.state_dict().items()
        if not name.startswith("backbone.")
    }
    return base64.b64encode(save(tensors)).decode()


class _Head(nn.Module):
    """What stands behind a backbone, named as in :class:`facefake.models.network.Network`."""

    def __init__(self, card: DetectorCard, dim: int) -> None:
        super().__init__()
        self.adapter = nn.Identity() if card.adapter is None else Adapter(dim, card.adapter)
        self.head = HEADS[card.head](dim)

    def forward(self, features: Tensor) -> Output:
        output: Output = self.head(self.adapter(features))
        return output


def _unpacked(path: Path, card: DetectorCard, dim: int) -> nn.Module:
    try:
        head = _Head(card, dim)
        head.load_state_dict(load(base64.b64decode(read_metadata(path)[HEAD_KEY], validate=True)))
    except (KeyError, binascii.Error, SafetensorError, RuntimeError, FacefakeError) as error:
        raise invalid(path, f"the head beside its graph is damaged ({first_line(error)})") from error
    return head.float().eval()
