"""What a database's own errors mean to us. Foreign exceptions end here: nothing above knows SQLAlchemy, sqlite3 or asyncpg."""

from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tollhouse.domain.errors import StartError, StoreUnavailable

FOREIGN = (DBAPIError, PoolTimeout, OSError)
"""What a database throws when it cannot serve. TimeoutError is an OSError."""

CONFLICTS = frozenset({"40001", "40P01"})
"""PostgreSQL's serialisation failure and deadlock: nothing was committed, and the same transaction may be tried again."""

_BY_SQLSTATE = {
    "25006": "it is read-only",
    "53100": "its disk is full",
    "53200": "it is out of memory",
    "53300": "it has no connection left",
    "57P01": "it is shutting down",
    "57P03": "it is starting up",
    "28P01": "it refuses our password",
    "28000": "it refuses our user",
    "3D000": "it does not exist",
}
_BY_SQLITE_NAME = {
    "SQLITE_BUSY": "another process holds its lock",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it is read-only",
    "SQLITE_CANTOPEN": "its file cannot be opened",
    "SQLITE_IOERR": "its disk failed",
    "SQLITE_CORRUPT": "its file is damaged",
    "SQLITE_NOTADB": "its file is not a database",
}


def is_conflict(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in CONFLICTS


def is_locked(error: Exception) -> bool:
    """SQLite: another process's transaction took longer than we wait at a time."""
    return sqlite_name(error) == "SQLITE_BUSY"


def is_duplicate(error: Exception) -> bool:
    return isinstance(error, IntegrityError)


def unavailable(error: Exception, limit_s: float) -> StoreUnavailable:
    """Say in words that may reach a caller why the database does not serve: no host, no path, no statement."""
    return StoreUnavailable(f"The database does not answer, and this needs it: {reason(error, limit_s)}.")


def silent(limit_s: float) -> StoreUnavailable:
    """Say that there was no sign of life, for a caller who does not wait for the transaction's own end."""
    return unavailable(TimeoutError(), limit_s)


def reason(error: Exception, limit_s: float) -> str:
    if isinstance(error, TimeoutError | PoolTimeout):
        return f"nothing came back within {limit_s:g} s"
    if isinstance(error, DBAPIError):
        return _database_reason(error)
    return "it cannot be reached"


def _database_reason(error: DBAPIError) -> str:
    state = getattr(error.orig, "sqlstate", None)
    if state in _BY_SQLSTATE:
        return _BY_SQLSTATE[state]
    name = sqlite_name(error)
    if name:
        return _BY_SQLITE_NAME.get(name, "it reports an error")
    return "it reports an error" if state else "the connection was lost"


def sqlite_name(error: Exception) -> str:
    """Return SQLite's primary name of an error (`SQLITE_FULL`), or an empty string."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(origin, "sqlite_errorname", "") or ""
    return "_".join(name.split("_")[:2])


def cannot_open_file(folder: Path, file: Path, error: Exception, limit_s: float) -> StartError:
    """Say to the operator why a SQLite store does not open, and what to do."""
    if isinstance(error, OSError) and not isinstance(error, TimeoutError):
        what = f"The data folder {folder} cannot be used: {error.strerror or error}."
        return StartError(f"{what} Set `storage.path` to a folder that this user may write to.")
    if sqlite_name(error) == "SQLITE_NOTADB":
        return StartError(
            f"{file} is not a SQLite database, or it is damaged. Move it away to start afresh, restore a backup, "
            "or set `storage.path` to another folder."
        )
    return StartError(
        f"The database {file} cannot be opened: {reason(error, limit_s)}. "
        f"Check that this user may write to {folder} and that the disk has room, or set `storage.path` to another folder."
    )


def cannot_reach_server(where: str, error: Exception, limit_s: float) -> StartError:
    """Say to the operator why a PostgreSQL store does not open, and what to do. `where` must not hold the password."""
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    hints = {
        "28P01": "Check the user and the password in `storage.database`.",
        "28000": "Check the user in `storage.database` and the server's pg_hba.conf.",
        "3D000": "Create it (`createdb NAME`), or name another one in `storage.database`.",
    }
    hint = hints.get(state or "", "Check that it runs and that `storage.database` is right.")
    return StartError(f"The PostgreSQL database {where} cannot be opened: {_why(error, limit_s)}. {hint}")


def _why(error: Exception, limit_s: float) -> str:
    """As `reason`, and what the system or the driver said where that helps an operator."""
    if isinstance(error, OSError) and not isinstance(error, TimeoutError) and error.strerror:
        return error.strerror
    if isinstance(error, SQLAlchemyError | OSError):
        return reason(error, limit_s)
    return str(error)
