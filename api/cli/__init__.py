"""The command line."""

from api.cli import archive, exporting, following, importing, maintenance, redacting, serve, tokens
from api.cli.command import main

__all__ = ["archive", "exporting", "following", "importing", "main", "maintenance", "redacting", "serve", "tokens"]
