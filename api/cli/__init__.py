"""The command line."""

from api.cli import maintenance, serving, tokens
from api.cli.command import main

__all__ = ["main", "maintenance", "serving", "tokens"]
