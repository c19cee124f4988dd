"""ONNX Runtime, which is an optional package: found when it is needed, and what it raises."""

from __future__ import annotations

from types import ModuleType

from preprocessing.errors import FacefakeError

_ERRORS = ("EPFail", "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")


def load_runtime() -> ModuleType:
    """The package onnxruntime.

    Raises:
        FacefakeError: ``package_missing``.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise FacefakeError(
            "package_missing",
            f"an ONNX file is run by the package onnxruntime, which cannot be imported ({error})",
            'pip install "facefake[export]"',
        ) from error
    found: ModuleType = onnxruntime
    return found


def runtime_errors() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises of a network: errors without an ancestor of their own, and Python's."""
    state = load_runtime().capi.onnxruntime_pybind11_state
    return (ValueError, RuntimeError, *(getattr(state, name) for name in _ERRORS))
