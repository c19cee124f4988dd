from tests.facefake.hub.conftest import offline

__all__ = ["offline"]
