"""A network as one ONNX graph: pictures as they are in, score, feature and logits out."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from facefake.models.network import Network
from facefake.models.onnx.runner import HEAD_KEY, INPUT, OUTPUTS, packed
from facefake.models.tower import quiet
from preprocessing.errors import FacefakeError, first_line

LARGEST = 2**31 - 2**20  # bytes: a message of protocol buffers ends at 2 GiB, and the graph needs some of it


class _Whole(nn.Module):
    """From bytes to a score, so that whoever runs the graph has nothing to get wrong but the resize."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.preprocess = network.backbone.preprocess

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures (n, 3, size, size) uint8 RGB to scores (n,), features (n, dim) and logits (n, 2)."""
        feature = self.network.features(self.preprocess.normalise(pictures))
        logits = self.network.classify(feature).logits
        return logits.softmax(1)[:, 1], feature, logits


def as_graph(network: Network) -> Any:
    """A network on the CPU, in float32, as an ``onnx.ModelProto`` for any number of pictures.

    Args:
        network: Low-rank updates merged into its weights; set to evaluation.

    Raises:
        FacefakeError: ``too_large`` for a network that does not fit into one file, ``export_failed`` for one that torch
            cannot trace or put into ONNX's operators, ``package_missing``.
    """
    _check_size(network)
    side = network.backbone.image_size
    example = torch.zeros(2, 3, side, side, dtype=torch.uint8)  # torch takes a batch of one for a constant
    try:
        with quiet():  # the optimiser logs what it leaves as it is
            program = torch.onnx.export(
                _Whole(network).eval(),
                (example,),
                dynamo=True,
                verbose=False,
                input_names=[INPUT],
                output_names=list(OUTPUTS),
                dynamic_shapes={INPUT: {0: torch.export.Dim("n")}},
            )
    except torch.onnx.OnnxExporterError as error:
        raise FacefakeError(
            "export_failed",
            f"torch {torch.__version__} cannot bring {network.backbone.spec.name} into ONNX ({first_line(error)})",
            "Use a newer torch and onnxscript, or another backbone.",
        ) from error
    except ImportError as error:
        raise _missing(error) from error
    assert program is not None  # it is only without dynamo
    model = program.model_proto
    _forget_maker(model)
    model.metadata_props.add(key=HEAD_KEY, value=packed(network))
    return model


def require_exporter() -> None:
    """Raise ``package_missing`` unless the packages are there that torch makes a graph with."""
    try:
        import_module("onnx")
        import_module("onnxscript")
    except ImportError as error:
        raise _missing(error) from error


def _missing(error: ImportError) -> FacefakeError:
    return FacefakeError(
        "package_missing", f"onnx or onnxscript cannot be imported ({error})", 'pip install "facefake[export]"'
    )


def head_nodes(model: Any) -> list[str]:
    """Names of the nodes behind the feature, which stay in float32: they cost nothing and say the score."""
    names = [node.name for node in model.graph.node]
    feature = next(number for number, node in enumerate(model.graph.node) if "feature" in node.output)
    return names[feature + 1 :]


def _check_size(network: Network) -> None:
    size = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    if size > LARGEST:
        raise FacefakeError(
            "too_large",
            f"{network.backbone.spec.name} has {size / 2**30:.1f} GiB of weights, and an ONNX file holds at most 2 GiB",
            "Export a detector on a smaller backbone.",
        )


def _forget_maker(model: Any) -> None:
    """Take out what torch notes of each step: the lines of code and their paths on the machine that exported."""
    del model.graph.value_info[:]
    for each in (*model.graph.node, *model.graph.input, *model.graph.output, model.graph):
        del each.metadata_props[:]
