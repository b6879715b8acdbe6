"""The command line."""

from api.cli import exporting, importing, maintenance, serve, tokens
from api.cli.command import main

__all__ = ["exporting", "importing", "main", "maintenance", "serve", "tokens"]
