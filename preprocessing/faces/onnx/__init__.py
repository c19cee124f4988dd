"""Face detectors of the user's own, as ONNX files: SCRFD, YuNet and RetinaFace, told apart by what they put out."""

from __future__ import annotations

from preprocessing.faces.onnx.detector import OnnxFaceDetector

__all__ = ["OnnxFaceDetector"]
