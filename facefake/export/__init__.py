"""A detector in another program's form."""

from facefake.export.export import Exported, export_detector

__all__ = ["Exported", "export_detector"]
