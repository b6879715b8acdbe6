"""What handlers are given: the request, the store, who asks, the settings, the query."""

from typing import Any, TypeAlias

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from api.auth import Reader, identify
from api.feed.hub import Hub
from api.http.contract import contract_of
from api.settings import Settings
from api.store.store import Store
from schema.actor_query import ActorQuery
from schema.batch import BatchQuery
from schema.counting import FacetQuery, HistogramQuery
from schema.feed import ChangeQuery, StreamQuery
from schema.imports import ImportQuery, ReportQuery
from schema.query import EventQuery, ListQuery, MomentQuery, RecordQuery, SourceQuery
from schema.related import RelatedQuery
from schema.release import ReleaseQuery

HttpRequest: TypeAlias = Request[Any, Any, Any]
# They are checked where they are made; Litestar is not to check them again.
TheStore: TypeAlias = NamedDependency[SkipValidation[Store]]
TheReader: TypeAlias = NamedDependency[SkipValidation[Reader]]
TheSettings: TypeAlias = NamedDependency[SkipValidation[Settings]]
AnEventQuery: TypeAlias = NamedDependency[SkipValidation[EventQuery]]
AHistogramQuery: TypeAlias = NamedDependency[SkipValidation[HistogramQuery]]
AFacetQuery: TypeAlias = NamedDependency[SkipValidation[FacetQuery]]
ABatchQuery: TypeAlias = NamedDependency[SkipValidation[BatchQuery]]
AnImportQuery: TypeAlias = NamedDependency[SkipValidation[ImportQuery]]
AReportQuery: TypeAlias = NamedDependency[SkipValidation[ReportQuery]]
AListQuery: TypeAlias = NamedDependency[SkipValidation[ListQuery]]
ARecordQuery: TypeAlias = NamedDependency[SkipValidation[RecordQuery]]
AMomentQuery: TypeAlias = NamedDependency[SkipValidation[MomentQuery]]
AnActorQuery: TypeAlias = NamedDependency[SkipValidation[ActorQuery]]
ASourceQuery: TypeAlias = NamedDependency[SkipValidation[SourceQuery]]
AReleaseQuery: TypeAlias = NamedDependency[SkipValidation[ReleaseQuery]]
ARelatedQuery: TypeAlias = NamedDependency[SkipValidation[RelatedQuery]]
AChangeQuery: TypeAlias = NamedDependency[SkipValidation[ChangeQuery]]
AStreamQuery: TypeAlias = NamedDependency[SkipValidation[StreamQuery]]
TheHub: TypeAlias = NamedDependency[SkipValidation[Hub]]


async def provide_store(request: HttpRequest) -> Store:
    """Give the store that the application was started on."""
    store: Store = request.app.state.store
    return store


async def provide_settings(request: HttpRequest) -> Settings:
    """Give the settings that the application was made with."""
    settings: Settings = request.app.state.settings
    return settings


async def provide_hub(request: HttpRequest) -> Hub:
    """Give the change feed of this process."""
    hub: Hub = request.app.state.hub
    return hub


async def provide_reader(request: HttpRequest, store: TheStore, settings: TheSettings) -> Reader:
    """Find out who asks; raises (401, 403) if the handler's contract does not allow them."""
    contract = contract_of(request.route_handler)
    scope = (contract.scope if contract else None) or "read"
    return await identify(store, request.headers.getall("Authorization", []), scope, settings.reading)
