"""Exported detectors: an ``.onnx`` file seen from outside, and run by ONNX Runtime."""
