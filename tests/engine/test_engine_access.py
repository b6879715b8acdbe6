"""Commands find the database that is there."""

from pathlib import Path

from api.engine.access import access
from api.engine.embedded import EmbeddedServer
from api.settings import Settings
from tests.engine.support import ask


def _settings(directory: Path) -> Settings:
    return Settings.from_environment({"DATELINE_DATA_DIRECTORY": str(directory), "HOME": "/nowhere"})


def test_a_running_server_is_used_whoever_started_it(data_directory: Path) -> None:
    with EmbeddedServer(data_directory, durable=False) as server:
        with access(_settings(data_directory)) as found:
            assert (found.url, found.owner_url) == (server.url, server.owner_url)
            assert ask(found.url, "SELECT current_user") == "dateline"
        assert ask(server.url, "SELECT 1") == 1, "it goes on after the command"


def test_without_a_running_server_one_runs_for_as_long_as_it_is_needed(data_directory: Path) -> None:
    with access(_settings(data_directory)) as found:
        assert ask(found.owner_url, "SELECT current_user") == "dateline_owner"
    with EmbeddedServer(data_directory, durable=False) as server:
        assert ask(server.url, "SELECT 1") == 1, "the directory was given back"


def test_a_named_database_is_used_as_it_is() -> None:
    settings = Settings.from_environment(
        {
            "DATELINE_DATABASE_URL": "postgresql://runtime@example/db",
            "DATELINE_OWNER_DATABASE_URL": "postgresql://owner@example/db",
            "HOME": "/nowhere",
        }
    )
    with access(settings) as found:
        assert found == ("postgresql://runtime@example/db", "postgresql://owner@example/db")
