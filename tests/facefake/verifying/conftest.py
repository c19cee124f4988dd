from tests.facefake.hub.conftest import hosted, made, offline

__all__ = ["hosted", "made", "offline"]
