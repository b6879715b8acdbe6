"""The command line."""

from api.cli import archive, exporting, importing, maintenance, redacting, serve, tokens
from api.cli.command import main

__all__ = ["archive", "exporting", "importing", "main", "maintenance", "redacting", "serve", "tokens"]
