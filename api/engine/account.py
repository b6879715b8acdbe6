"""The operating system's user that the embedded server runs as."""

import os
import pwd
from pathlib import Path

from api.engine.errors import EngineError

_UNPRIVILEGED = ("postgres", "nobody")


def choose(cluster: Path) -> tuple[int, int]:
    """User and group for the server whose files are, or will be, in `cluster`.

    Ordinary users run it themselves. PostgreSQL refuses to run as root, so root hands it to the
    user who owns the cluster, or for a new one to `postgres` if there is such a user, else `nobody`.
    Raises EngineError where the cluster belongs to someone else.
    """
    user = os.geteuid()
    try:
        owner = cluster.stat()
    except FileNotFoundError:
        return _unprivileged() if user == 0 else (user, os.getegid())
    except PermissionError as error:
        raise EngineError(
            f"The data in {cluster} cannot be read by this user. Start Dateline as the user who owns it, "
            "or choose another directory with DATELINE_DATA_DIRECTORY."
        ) from error
    if user == 0:
        if owner.st_uid == 0:
            raise EngineError(
                f"The data in {cluster} belongs to root, and PostgreSQL refuses to run as root. Give it to "
                f"an ordinary user, for instance: chown -R nobody {cluster}"
            )
        return owner.st_uid, owner.st_gid
    if owner.st_uid != user:
        raise EngineError(
            f"The data in {cluster} belongs to user {_name(owner.st_uid)}, and this is user {_name(user)}. "
            "Start Dateline as its owner, or choose another directory with DATELINE_DATA_DIRECTORY."
        )
    return user, os.getegid()


def _unprivileged() -> tuple[int, int]:
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return entry.pw_uid, entry.pw_gid
    raise EngineError(
        "PostgreSQL refuses to run as root, and there is neither a user 'postgres' nor a user 'nobody' to "
        "hand it to. Start Dateline as an ordinary user, or name a server in DATELINE_DATABASE_URL."
    )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
