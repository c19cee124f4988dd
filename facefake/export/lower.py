"""A graph in float32 with its products in less: half the bytes, or a quarter and integers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from facefake.export.graph import head_nodes
from facefake.models.card import ExportPrecision
from facefake.models.tower import quiet

_PRODUCTS = ("MatMul", "Gemm", "Conv")


def as_fp32(model: Any, file: Path) -> None:
    """Write the graph as it is."""
    import onnx

    onnx.save_model(model, file)


def as_fp16(model: Any, file: Path) -> None:
    """Write the graph with weights and products in float16, all else and the head in float32: what autocast does.

    Tuned LayerNorm weights lie near one and differ from the base by little more than a step of float16.
    """
    import onnx

    head, nodes, halved = set(head_nodes(model)), [], {}
    weights = {each.name: each for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type not in _PRODUCTS or node.name in head:
            nodes.append(node)
            continue
        for place, name in enumerate(node.input):
            if name not in halved:
                halved[name] = f"{name}_fp16"
                if name in weights:
                    model.graph.initializer.append(_half(weights[name], halved[name]))
                else:
                    nodes.append(onnx.helper.make_node("Cast", [name], [halved[name]], to=onnx.TensorProto.FLOAT16))
            node.input[place] = halved[name]
        result = node.output[0]
        node.output[0] = f"{result}_product"
        nodes += [node, onnx.helper.make_node("Cast", [node.output[0]], [result], to=onnx.TensorProto.FLOAT)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = [each for each in model.graph.initializer if each.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    onnx.save_model(model, file)


def as_int8(model: Any, file: Path) -> None:
    """Write the graph with integer products: weights in 8 bits, a scale each column; activations scaled as they come.

    Of the weights seven bits are used: on processors without VNNI sums of the eighth overflow, and a score would depend
    on the machine.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    whole = file.with_suffix(".fp32.onnx")
    onnx.save_model(model, whole)
    head = head_nodes(model)
    with quiet():  # it recommends steps that torch has done
        quantize_dynamic(
            whole,
            file,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[*head, *(f"{name}_MatMul" for name in head)],  # what it makes of a Gemm
        )


LOWER: Final[dict[ExportPrecision, Callable[[Any, Path], None]]] = {"fp32": as_fp32, "fp16": as_fp16, "int8": as_int8}


def _half(weight: Any, name: str) -> Any:
    import onnx

    return onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(weight).astype(np.float16), name)
