"""UniversalFakeDetect as published: one logit on CLIP's joint feature, not normalised (Ojha et al., CVPR 2023).

``pretrained_weights/fc_weights.pth`` is the state of a ``Linear(dim, 1)`` and nothing else (``models/clip_models.py``
of WisconsinAIVision/UniversalFakeDetect); CLIP is left as it was. P(fake) is the sigmoid of its logit z, which is the
softmax over 0 and z.
"""

from __future__ import annotations

import torch

from facefake.importing.parts import Parts
from facefake.importing.taking import take
from facefake.models.backbone import Backbone
from facefake.opening.opened import Opened


def ufd(opened: Opened, backbone: Backbone) -> Parts:
    """Read the probe.

    Args:
        opened: ``weight`` (1, dim) and ``bias`` (1,), of the logit of fake.
        backbone: The base's visual tower, which ends at the joint feature.

    Raises:
        FacefakeError: ``import_mismatch``.
    """
    wanted = {"weight": (1, backbone.dim), "bias": (1,)}
    weight, bias = take(opened, "UniversalFakeDetect's linear probe", wanted)
    real_first = {"linear.weight": weight, "linear.bias": bias}
    return Parts(tower={}, head={name: torch.cat([torch.zeros_like(row), row]) for name, row in real_first.items()})
