"""The settings: what they are by default, how each is set, and what is said of a value that is none."""

import os
from pathlib import Path

import pytest

from api.settings import Settings, SettingsError, variables, without_password

HOME = {"HOME": "/home/somebody"}


@pytest.fixture
def ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.mark.usefixtures("ordinary_user")
def test_nothing_need_be_set() -> None:
    settings = Settings.from_environment(HOME)
    assert settings.database_url is None
    assert settings.owner_database_url is None
    assert settings.data_directory == Path("/home/somebody/.local/share/dateline")
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert (settings.reading, settings.maximum_body_bytes) == ("open", 1_048_576)
    assert (settings.query_timeout_s, settings.write_timeout_s, settings.pool_size) == (5.0, 30.0, 10)


@pytest.mark.usefixtures("ordinary_user")
def test_the_data_home_is_respected() -> None:
    assert Settings.from_environment(HOME | {"XDG_DATA_HOME": "/data"}).data_directory == Path("/data/dateline")
    # A relative one is invalid by the specification and counts as not set.
    relative = Settings.from_environment(HOME | {"XDG_DATA_HOME": "data"}).data_directory
    assert relative == Path("/home/somebody/.local/share/dateline")
    with pytest.raises(SettingsError, match="DATELINE_DATA_DIRECTORY"):
        Settings.from_environment({})


def test_root_keeps_its_data_where_the_servers_user_can_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert Settings.from_environment(HOME).data_directory == Path("/var/lib/dateline")


def test_every_variable_is_read() -> None:
    environment = {
        "DATELINE_DATABASE_URL": "postgresql://dateline@db/dateline",
        "DATELINE_OWNER_DATABASE_URL": "postgres://owner@db/dateline",
        "DATELINE_DATA_DIRECTORY": "/srv/dateline",
        "DATELINE_HOST": "::1",
        "DATELINE_PORT": "65535",
        "DATELINE_WORKERS": "64",
        "DATELINE_READING": "token",
        "DATELINE_MAXIMUM_BODY_BYTES": "1024",
        "DATELINE_MAXIMUM_BATCH_BYTES": "1000000",
        "DATELINE_MAXIMUM_IMPORT_BYTES": "1048576",
        "DATELINE_QUERY_TIMEOUT_S": "0.5",
        "DATELINE_WRITE_TIMEOUT_S": "3600.0",
        "DATELINE_POOL_SIZE": "2",
        "DATELINE_MAXIMUM_STREAMS": "100000",
        "DATELINE_TEXT_LANGUAGE": "french",
        "DATELINE_PUBLIC_URL": "https://timeline.example/news",
        "DATELINE_CORS_ORIGINS": "https://news.example,http://localhost:3000",
    }
    settings = Settings.from_environment(environment)
    assert settings.to_environment() == environment
    assert list(environment) == [variable.name for variable in variables()]


@pytest.mark.parametrize("language", ["English", "french; DROP TABLE head", "de-DE", "public.english", "1"])
def test_a_language_is_a_name_of_postgresql(language: str) -> None:
    with pytest.raises(SettingsError, match="the name of a language, like english, french or simple"):
        Settings.from_environment(HOME | {"DATELINE_TEXT_LANGUAGE": language})


def test_every_variable_is_described() -> None:
    for variable in variables():
        assert variable.description.endswith(".")
        assert variable.default


@pytest.mark.usefixtures("ordinary_user")
def test_an_empty_variable_is_not_set() -> None:
    assert Settings.from_environment(HOME | {"DATELINE_PORT": "", "DATELINE_DATABASE_URL": ""}).port == 8000


def test_the_owner_is_the_user_of_the_database_unless_set() -> None:
    url = "postgresql://dateline@db/dateline"
    assert Settings.from_environment({"DATELINE_DATABASE_URL": url} | HOME).owner_database_url == url


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PORT", "http", "DATELINE_PORT is 'http'. It must be a whole number from 1 to 65535."),
        ("PORT", "80.5", "DATELINE_PORT is '80.5'. It must be a whole number from 1 to 65535."),
        ("PORT", "0", "DATELINE_PORT is 0. It must be a whole number from 1 to 65535."),
        ("WORKERS", "65", "DATELINE_WORKERS is 65. It must be a whole number from 1 to 64."),
        ("QUERY_TIMEOUT_S", "nan", "DATELINE_QUERY_TIMEOUT_S is nan. It must be a number from 0.1 to 3600."),
        ("QUERY_TIMEOUT_S", "5s", "DATELINE_QUERY_TIMEOUT_S is '5s'. It must be a number from 0.1 to 3600."),
        ("READING", "Open", "DATELINE_READING is 'Open'. It must be 'open' or 'token'."),
        (
            "DATABASE_URL",
            "mysql://db/x",
            "DATELINE_DATABASE_URL does not start with postgresql://. "
            "It must look like postgresql://user:password@host:5432/database.",
        ),
        ("PROT", "1", "DATELINE_PROT is not a setting of Dateline. Did you mean DATELINE_PORT?"),
    ],
)
def test_what_is_wrong_is_said(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(HOME | {f"DATELINE_{name}": value})
    assert str(caught.value) == message


def test_an_unlike_name_gets_the_list() -> None:
    with pytest.raises(SettingsError, match=r"The known ones are DATELINE_DATABASE_URL, DATELINE_OWNER"):
        Settings.from_environment(HOME | {"DATELINE_XYZZY_PLUGH_QUUX": "1"})


def test_a_relative_directory_is_refused() -> None:
    with pytest.raises(SettingsError, match="the whole path"):
        Settings.from_environment(HOME | {"DATELINE_DATA_DIRECTORY": "data"})


def test_an_owner_without_a_database_is_refused() -> None:
    with pytest.raises(SettingsError, match="Set both"):
        Settings.from_environment(HOME | {"DATELINE_OWNER_DATABASE_URL": "postgresql://owner@db/dateline"})


@pytest.mark.parametrize("url", ["postgresql://dateline:hush@db:no/dateline", "http://dateline:hush@db/dateline"])
def test_an_error_does_not_show_the_password(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(HOME | {"DATELINE_DATABASE_URL": url})
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_text_of_the_settings_does_not_show_the_password() -> None:
    shown = repr(Settings.from_environment(HOME | {"DATELINE_DATABASE_URL": "postgresql://me:hush@db/dateline"}))
    assert "hush" not in shown
    assert "postgresql://me:***@db/dateline" in shown


def test_without_password() -> None:
    assert without_password("postgresql://me@db/dateline") == "postgresql://me@db/dateline"
    assert without_password("postgresql://me:a%40b@db:5432/dateline?x=1") == "postgresql://me:***@db:5432/dateline?x=1"
    assert "hush" not in without_password("postgresql://me:hush@[db/dateline")
