"""What a published file comes down to: the tensors of a detector, in the names and the class order used here."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from facefake.models.tuning import AdapterSettings, LoraSettings


@dataclass(frozen=True)
class Parts:
    """The parts of a published detector.

    Attributes:
        tower: The visual tower, in open_clip's names relative to it, float32: whole, or ``{}`` where the file holds a
            head alone. It may hold the projection although the feature is the one before it.
        head: ``linear.weight`` (2, dim) and ``linear.bias`` (2,), float32, rows in the order real, fake.
        adapter: ``down.weight`` and ``up.weight`` of :class:`facefake.models.adapter.Adapter`; ``{}``: there is none.
        adapter_settings: Of the adapter; ``None`` without one.
        updates: Low-rank updates of the tower, names relative to it and as :func:`facefake.models.lora.stored_name`
            gives them; ``{}``: there are none. The tower is then the one without them.
        lora_settings: Of the updates; ``None`` without any.
    """

    tower: dict[str, Tensor]
    head: dict[str, Tensor]
    adapter: dict[str, Tensor] = field(default_factory=dict)
    adapter_settings: AdapterSettings | None = None
    updates: dict[str, Tensor] = field(default_factory=dict)
    lora_settings: LoraSettings | None = None
