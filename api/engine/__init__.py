"""The database engine: the embedded server, its supervisor, and connection pools."""

from api.engine.embedded import EmbeddedServer
from api.engine.errors import EngineError

__all__ = ["EmbeddedServer", "EngineError"]
