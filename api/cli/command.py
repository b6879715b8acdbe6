"""The command ``dateline`` itself; its subcommands are in the modules beside this one."""

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import click

from api.engine.errors import EngineError
from api.settings import Settings, SettingsError, variables

P = ParamSpec("P")

_SETTINGS = "\n".join(f"  {row.name}\n      {row.description} Default: {row.default}." for row in variables())


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"\b\nEnvironment variables set what has no option:\n{_SETTINGS}",
)
@click.version_option(package_name="dateline", message="Dateline %(version)s")
def main() -> None:
    """Dateline keeps dated events with their sources and a confidence, and finds them by time and actor.

    Start it with `dateline serve`, then open http://127.0.0.1:8000 in a browser.
    """


def with_settings(command: Callable[..., int | None]) -> Callable[..., None]:
    """Give a command the settings from the environment, and say in one line what it can't go on with."""

    @functools.wraps(command)
    def run(**options: object) -> None:
        try:
            code = command(Settings.from_environment(os.environ), **options)
        except (SettingsError, EngineError) as error:
            click.echo(str(error), err=True)
            sys.exit(1)
        sys.exit(code or 0)

    return run
