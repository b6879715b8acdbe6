"""``python -m api`` is the command ``dateline``."""

from api.cli import main

main(prog_name="dateline")
