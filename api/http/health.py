"""Whether the service is up, for supervisors and load balancers."""

import asyncio
import logging
from typing import Annotated, Literal

from litestar import Response, get
from msgspec import Meta, Struct

from api.http.contract import Contract
from api.http.dependencies import TheStore
from schema.problem import ProblemError, problem

logger = logging.getLogger(__name__)

READY_TIMEOUT_S = 2.0


class Health(Struct, frozen=True):
    """That all is well."""

    status: Annotated[Literal["ok"], Meta(description="Always ok; whatever is not is a problem.")] = "ok"


_CONTRACT = Contract(tag="health", answer=Health, secured=False, answer_examples={"ok": {"status": "ok"}})


@get(
    "/health/live",
    operation_id="isLive",
    summary="Say that the process answers",
    opt={"contract": _CONTRACT},
)
async def is_live() -> Response[Health]:
    """Always answers while the process runs, whatever the store does. Restart the process if it does not."""
    return Response(Health(), headers={"Cache-Control": "no-store"})


@get(
    "/health/ready",
    operation_id="isReady",
    summary="Say whether requests can be served",
    opt={"contract": _CONTRACT},
)
async def is_ready(store: TheStore) -> Response[Health]:
    """Asks the store. Send no requests here while it answers 503."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            await store.ready()
    except ProblemError:
        raise
    except Exception as error:
        logger.warning("The store is not ready: %r", error)
        raise problem("unavailable", "The store does not answer.") from error
    return Response(Health(), headers={"Cache-Control": "no-store"})


HANDLERS = [is_live, is_ready]
