"""What handlers are given: the request, the store, who asks, the settings, the query."""

from typing import Any, TypeAlias

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from api.auth import Reader
from api.settings import Settings
from api.store.store import Store
from schema.query import EventQuery, ListQuery

HttpRequest: TypeAlias = Request[Any, Any, Any]
# They are checked where they are made; Litestar is not to check them again.
TheStore: TypeAlias = NamedDependency[SkipValidation[Store]]
TheReader: TypeAlias = NamedDependency[SkipValidation[Reader]]
TheSettings: TypeAlias = NamedDependency[SkipValidation[Settings]]
AnEventQuery: TypeAlias = NamedDependency[SkipValidation[EventQuery]]
AListQuery: TypeAlias = NamedDependency[SkipValidation[ListQuery]]
