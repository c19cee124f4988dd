"""Face crops as data sets release them: how they were cut and by whose landmarks, as far as the release tells."""

from __future__ import annotations

from dataclasses import dataclass

from preprocessing.faces.align import CropGeometry


@dataclass(frozen=True, slots=True)
class ReleasedCrops:
    """The crops of a release.

    Attributes:
        geometry: How they were cut.
        face_detector: What found the faces; ``unknown`` where the release does not tell.
    """

    geometry: CropGeometry
    face_detector: str


#: By the name a reader gives in ``Reader.crops``. Both versions of the published LN-tuning code keep their crops in the
#: same tree, cut in two ways, so what ``frames`` holds cannot be told from the files.
RELEASED = {
    "deepfakebench": ReleasedCrops(CropGeometry("arcface", 1.3, 256), "dlib"),
    "wilddeepfake": ReleasedCrops(CropGeometry("wilddeepfake", 1.0, 224), "unknown"),
    "frames": ReleasedCrops(CropGeometry("frames", 1.0), "unknown"),
}
