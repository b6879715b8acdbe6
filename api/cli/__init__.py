"""The command line."""

from api.cli import importing, maintenance, serve, tokens
from api.cli.command import main

__all__ = ["importing", "main", "maintenance", "serve", "tokens"]
