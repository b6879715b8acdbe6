"""The command line."""

from api.cli import maintenance, serve, tokens
from api.cli.command import main

__all__ = ["main", "maintenance", "serve", "tokens"]
