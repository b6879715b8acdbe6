"""The settings: environment variables, read once into one frozen struct."""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

_PREFIX = "DATELINE_"
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
_ROOT_DATA_DIRECTORY = Path("/var/lib/dateline")


class SettingsError(Exception):
    """An environment variable holds something that cannot be used; the message names it and the cure."""


class Variable(msgspec.Struct, frozen=True):
    """One row of the settings in ``docs/settings.md`` and in the command's help."""

    name: str
    default: str
    description: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set. A field `port` is read from the variable `DATELINE_PORT`."""

    database_url: Annotated[
        str | None,
        Meta(
            description="A PostgreSQL 15 or newer to use instead of the embedded server, as "
            "postgresql://user:password@host:port/database. The service connects with it: the role needs "
            "no more than what the migrations grant it.",
            extra={"default": "the embedded server"},
        ),
    ] = None
    owner_database_url: Annotated[
        str | None,
        Meta(
            description="The same database as the role that owns its tables: for migrations, tokens, redaction, "
            "restoring and following. No request is answered with it.",
            extra={"default": "DATELINE_DATABASE_URL"},
        ),
    ] = None
    data_directory: Annotated[
        Path,
        Meta(
            description="Where the embedded server keeps its data: a directory on a local disk.",
            extra={"default": "$XDG_DATA_HOME/dateline or ~/.local/share/dateline; for root /var/lib/dateline"},
        ),
    ]
    host: Annotated[
        str,
        Meta(
            description="The address to listen on; 0.0.0.0 is every IPv4 address of the machine.",
            min_length=1,
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(description="The TCP port to listen on.", ge=1, le=65_535)] = 8000
    workers: Annotated[int, Meta(description="How many worker processes answer requests.", ge=1, le=64)] = 1
    reading: Annotated[
        Literal["open", "token"],
        Meta(
            description="Who may read: 'open' is everybody, 'token' is whoever has a token. Writing needs one always."
        ),
    ] = "open"
    maximum_body_bytes: Annotated[
        int, Meta(description="The largest request body that is taken, in bytes.", ge=1024, le=1024**3)
    ] = 1024**2
    maximum_batch_bytes: Annotated[
        int, Meta(description="The largest body of a batch of events, in bytes.", ge=1024, le=1024**3)
    ] = 64 * 1024**2
    maximum_import_bytes: Annotated[
        int, Meta(description="The largest file that is imported over HTTP, in bytes.", ge=1024, le=4 * 1024**3)
    ] = 100 * 1024**2
    query_timeout_s: Annotated[
        float, Meta(description="How long a read may take in the database, in seconds.", ge=0.1, le=3600)
    ] = 5.0
    write_timeout_s: Annotated[
        float, Meta(description="How long a write may take in the database, in seconds.", ge=0.1, le=3600)
    ] = 30.0
    pool_size: Annotated[
        int, Meta(description="How many database connections each worker opens at most.", ge=2, le=1000)
    ] = 10
    maximum_streams: Annotated[
        int,
        Meta(
            description="How many streams of changes each worker serves at the same time; one more is refused.",
            ge=1,
            le=100_000,
        ),
    ] = 2000
    text_language: Annotated[
        str,
        Meta(
            description="The language of the texts that are searched: a text search configuration of PostgreSQL, or "
            "simple for words as they are written. Another one than before has the index made anew at the next start.",
            pattern=r"^[a-z_][a-z0-9_]{0,62}$",
            extra={"wanted": "the name of a language, like english, french or simple"},
        ),
    ] = "english"
    public_url: Annotated[
        str,
        Meta(
            description="The address under which readers know this service, such as https://timeline.example; it "
            "stands in feeds and files.",
            pattern=r"^https?://[^\x00-\x20\x7f<>\"\\^`{|}?#]+$",
            extra={
                "default": "the address that a request came to",
                "wanted": "an address like https://timeline.example",
            },
        ),
    ] = ""
    cors_origins: Annotated[
        tuple[str, ...],
        Meta(
            description="Web pages of which origins may call the API from a browser: such as "
            "https://news.example,http://localhost:3000, or * for all.",
            extra={"default": "none"},
        ),
    ] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the variables; an empty one counts as not set.

        Raises SettingsError for a value that is out of range or of the wrong kind, and for a variable
        whose name starts with DATELINE_ but is none of ours: a misspelt setting must not be lost silently.
        """
        names = {_variable_name(field): field for field in cls.__struct_fields__}
        kinds = msgspec.inspect.type_info(cls)
        assert isinstance(kinds, msgspec.inspect.StructType)
        by_name = {field.name: field.type for field in kinds.fields}
        values: dict[str, Any] = {}
        for name, text in environment.items():
            if not name.startswith(_PREFIX):
                continue
            if name not in names:
                raise SettingsError(_unknown(name, list(names)))
            if text:
                values[names[name]] = _parse(name, text, by_name[names[name]])
        if "data_directory" not in values:
            values["data_directory"] = _default_data_directory(environment)
        if values.get("owner_database_url") and not values.get("database_url"):
            raise SettingsError(
                "DATELINE_OWNER_DATABASE_URL is set, but DATELINE_DATABASE_URL is not. Set both, or neither "
                "to use the embedded server."
            )
        if "database_url" in values:
            values.setdefault("owner_database_url", values["database_url"])
        return cls(**values)

    def to_environment(self) -> dict[str, str]:
        """The variables that give these settings again; for the worker processes."""
        values = ((_variable_name(field), getattr(self, field)) for field in self.__struct_fields__)
        return {
            name: ",".join(value) if isinstance(value, tuple) else str(value)
            for name, value in values
            if value not in (None, (), "")
        }

    def __repr__(self) -> str:
        """All settings, without the passwords."""
        shown = {field: getattr(self, field) for field in self.__struct_fields__}
        for field in ("database_url", "owner_database_url"):
            if shown[field] is not None:
                shown[field] = without_password(shown[field])
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def variables() -> list[Variable]:
    """The table of settings, in the order of the fields."""
    kinds = msgspec.inspect.type_info(Settings)
    assert isinstance(kinds, msgspec.inspect.StructType)
    rows = []
    for field in kinds.fields:
        described, extra = _metadata(field.type)
        default = extra.get("default", str(field.default))
        rows.append(Variable(_variable_name(field.name), default, described))
    return rows


def without_password(url: str) -> str:
    """A database address that can be shown: its password, if any, is replaced by asterisks."""
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return "(an address that cannot be read)"
    if not password:
        return url
    head, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{head.partition(':')[0]}:***@{host}").geturl()


def _variable_name(field: str) -> str:
    return _PREFIX + field.upper()


def _metadata(kind: msgspec.inspect.Type) -> tuple[str, dict[str, str]]:
    """Description and extra of a field's type as msgspec shows it."""
    if not isinstance(kind, msgspec.inspect.Metadata):
        return "", {}
    schema = kind.extra_json_schema or {}
    return str(schema.get("description", "")), kind.extra or {}


def _parse(name: str, text: str, kind: msgspec.inspect.Type) -> object:
    wanted = ""
    if isinstance(kind, msgspec.inspect.Metadata):
        wanted = (kind.extra or {}).get("wanted", "")
        kind = kind.type
    match kind:
        case msgspec.inspect.IntType(ge=lowest, le=highest):
            return _number(name, text, int, "a whole number", lowest, highest)
        case msgspec.inspect.FloatType(ge=lowest, le=highest):
            return _number(name, text, float, "a number", lowest, highest)
        case msgspec.inspect.LiteralType(values=choices):
            if text not in choices:
                listed = " or ".join(f"'{choice}'" for choice in choices)
                raise SettingsError(f"{name} is '{text}'. It must be {listed}.")
            return text
        case msgspec.inspect.StrType(pattern=str(pattern)):
            if not re.fullmatch(pattern, text):
                raise SettingsError(f"{name} is '{text}'. It must be {wanted}.")
            return text.rstrip("/")
        case msgspec.inspect.UnionType():
            return _database_url(name, text)
        case msgspec.inspect.CustomType():
            return _directory(name, text)
        case msgspec.inspect.VarTupleType():
            return _origins(name, text)
        case _:
            return text


def _number(
    name: str,
    text: str,
    kind: type[int] | type[float],
    called: str,
    lowest: float | None,
    highest: float | None,
) -> float:
    wanted = f"It must be {called} from {lowest} to {highest}."
    try:
        value = kind(text)
    except ValueError:
        raise SettingsError(f"{name} is '{text}'. {wanted}") from None
    # Written this way round so that 'nan' is refused too.
    if not ((lowest is None or value >= lowest) and (highest is None or value <= highest)):
        raise SettingsError(f"{name} is {text}. {wanted}")
    return value


def _database_url(name: str, text: str) -> str:
    wanted = "It must look like postgresql://user:password@host:5432/database."
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        # The reason may quote the password, so it is not passed on.
        raise SettingsError(f"{name} cannot be read as an address. {wanted}") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise SettingsError(f"{name} does not start with postgresql://. {wanted}")
    return text


def _origins(name: str, text: str) -> tuple[str, ...]:
    """Read a list of origins (RFC 6454) as browsers send them: scheme, host and, where it is an unusual one, port."""
    origins = tuple(dict.fromkeys(origin.strip() for origin in text.split(",") if origin.strip()))
    if origins == ("*",):
        return origins
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"{name} has '{origin}', which is no origin as browsers send it. It must be like https://news.example "
                "or http://localhost:3000, in lower case and without a path; or * alone for all origins."
            )
    return origins


def _directory(name: str, text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise SettingsError(
            f"{name} is '{text}', which depends on where Dateline is started. Write the whole path, such as "
            f"{Path.cwd() / path}."
        )
    return path


def _default_data_directory(environment: Mapping[str, str]) -> Path:
    """The user's data belongs below their data home, by the XDG Base Directory rules.

    Root is different: PostgreSQL refuses to run as root, so its server runs as an unprivileged user, who
    may not enter /root.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return _ROOT_DATA_DIRECTORY
    data_home = environment.get("XDG_DATA_HOME", "")
    if data_home.startswith("/"):
        return Path(data_home) / "dateline"
    home = environment.get("HOME", "")
    if not home.startswith("/"):
        raise SettingsError(
            "There is no home directory to keep the data in (HOME is not set). Name a directory in "
            "DATELINE_DATA_DIRECTORY."
        )
    return Path(home) / ".local" / "share" / "dateline"


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}?" if near else f"The known ones are {', '.join(known)}."
    return f"{name} is not a setting of Dateline. {hint}"
