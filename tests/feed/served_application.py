"""The service as it is, except for the bounds of its change feed: those are JSON in the variable FEED_BOUNDS."""

import os
import sys

import msgspec
from litestar import Litestar

from api.app import create_app
from api.cli.first_run import prepare
from api.cli.service import run
from api.feed.hub import Bounds
from api.settings import Settings
from migrations.run import upgrade


def create() -> Litestar:
    bounds = msgspec.json.decode(os.environ.get("FEED_BOUNDS", "{}"), type=Bounds)
    return create_app(Settings.from_environment(os.environ), bounds=bounds)


if __name__ == "__main__":
    sys.exit(
        run(
            Settings.from_environment(os.environ),
            sample=False,
            application="tests.feed.served_application:create",
            upgrade=upgrade,
            prepare=prepare,
        )
    )
