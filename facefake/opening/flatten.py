"""From nested tables of tensors to one flat table, whatever else lies between, and however the nesting was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from torch import Tensor

# a table may hold itself, or one and the same table many times over
_MOST: Final = 100_000  # nodes
_LONGEST: Final = 1000  # letters of a name


def flatten(root: Any, view: Callable[[Any], Any] = lambda node: node) -> dict[str, Tensor]:
    """The tensors below ``root`` under the dotted path of keys that leads to each, in the order they are found in.

    Args:
        root: A table.
        view: What a node is to be taken for: a table, a tensor, or something that is passed over.

    Raises:
        ValueError: It has no end.

    Example:
        >>> import torch
        >>> list(flatten({"head": {"weight": torch.zeros(2), "note": "zero"}}))
        ['head.weight']
    """
    found: dict[str, Tensor] = {}
    nodes = 0
    waiting = [("", root)]
    while waiting:
        name, node = waiting.pop()
        nodes += 1
        if nodes > _MOST or len(name) > _LONGEST:
            raise ValueError("its tables hold one another without end")
        node = view(node)
        if isinstance(node, Tensor):
            found[name] = node
        elif isinstance(node, Mapping):
            waiting.extend(
                (f"{name}.{key}" if name else str(key), value) for key, value in reversed(list(node.items()))
            )
    return found
