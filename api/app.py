"""The composition root: settings in, application out."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from litestar import Litestar
from litestar.di import Provide

from api import openapi
from api.engine.pool import create_pool
from api.engine.processes import die_with_parent, on_stop_notice
from api.feed.hub import Bounds, Hub
from api.http import (
    actors,
    batch,
    changes,
    chronologies,
    counting,
    delivery,
    dependencies,
    errors,
    event_views,
    events,
    health,
    imports,
    pages,
    parameters,
    releases,
    revisions,
    sources,
    timelines,
)
from api.settings import Settings
from api.store.store import Store

VERSION = version("dateline")


def create_app(settings: Settings, store: Store | None = None, bounds: Bounds | None = None) -> Litestar:
    """Make the application. Without a ``store`` it opens one on the settings' database and closes it at the end.

    ``bounds`` are those of the change feed, where they are not to follow from the settings.
    """

    bounds = bounds or Bounds(maximum_streams=settings.maximum_streams, readers=max(1, settings.pool_size // 3))
    hub = Hub(settings.database_url, bounds)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        # Streams have no end of their own; without this a service that stops would wait for them.
        on_stop_notice(hub.stop)
        yield
        await hub.close()

    @asynccontextmanager
    async def open_store(app: Litestar) -> AsyncIterator[None]:
        assert settings.database_url is not None, "whoever serves has started a database"
        pool = await create_pool(
            settings.database_url,
            size=settings.pool_size,
            query_timeout_s=settings.query_timeout_s,
            write_timeout_s=settings.write_timeout_s,
        )
        app.state.store = Store(pool)
        yield
        await app.state.store.close()

    app = Litestar(
        route_handlers=[
            *events.HANDLERS,
            *batch.HANDLERS,
            *counting.HANDLERS,
            *event_views.HANDLERS,
            *actors.HANDLERS,
            *sources.HANDLERS,
            *chronologies.HANDLERS,
            *releases.HANDLERS,
            *revisions.HANDLERS,
            *imports.HANDLERS,
            *changes.HANDLERS,
            *health.HANDLERS,
            *pages.HANDLERS,
            *timelines.HANDLERS,
        ],
        dependencies={
            "store": Provide(dependencies.provide_store),
            "settings": Provide(dependencies.provide_settings),
            "hub": Provide(dependencies.provide_hub),
            "reader": Provide(dependencies.provide_reader),
            "asked": Provide(parameters.provide_query),
        },
        guards=[parameters.refuse_unknown_parameters],
        exception_handlers=errors.EXCEPTION_HANDLERS,
        before_request=errors.answer_options,
        before_send=[delivery.explain_refused_preflight, errors.add_request_id, delivery.add_vary],
        compression_config=delivery.COMPRESSION,
        cors_config=delivery.cors(settings.cors_origins),
        lifespan=[open_store, lifespan] if store is None else [lifespan],
        request_max_body_size=None,  # bodies are bounded by the setting where they are read
        openapi_config=None,
        logging_config=None,
    )
    app.state.settings = settings
    app.state.store = store
    app.state.hub = hub
    pages.publish(app, partial(openapi.document, app, VERSION), openapi.as_yaml)
    return app


def create_app_from_environment() -> Litestar:
    """Make the application of a server worker, whose settings come from its environment."""
    die_with_parent()
    return create_app(Settings.from_environment(os.environ))
