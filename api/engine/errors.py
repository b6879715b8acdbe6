"""The one error of the engine."""


class EngineError(Exception):
    """The database server cannot be started, reached or used; the message says why and what to do."""
