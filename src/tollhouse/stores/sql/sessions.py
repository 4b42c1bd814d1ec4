"""Who else is connected to a PostgreSQL database: servers on other machines leave no journal here, but a session there."""

from . import faults

LOOK_LIMIT_S = 10.0
"""As long as opening the database may take."""
NAME = "tollhouse"
"""What every program of ours, of whatever version, calls its sessions."""


async def other_sessions(url: str) -> int:
    """Count the sessions of our programs. To be called before this program opens the database. Raises StartError."""
    import asyncpg

    from .postgresql import without_secrets

    try:
        connection = await asyncpg.connect(url, timeout=LOOK_LIMIT_S, server_settings={"application_name": "look"})
        try:
            question = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"
            )
            return int(await connection.fetchval(question, NAME, timeout=LOOK_LIMIT_S))
        finally:
            await connection.close()
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise faults.cannot_reach_server(without_secrets(url), error, LOOK_LIMIT_S) from error
