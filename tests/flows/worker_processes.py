"""A service of several processes, seen from outside: which of them live, and calls that any of them may take."""

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from flow_house import Answer, Tree, eventually, read, sending
from flow_process import KEY, Service

AUTHORISED: Mapping[str, str] = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}


def workers_of(service: Service) -> list[int]:
    """The process ids of the parent's workers."""
    parent = service.process.pid
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def journals(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "data" / "journal").iterdir())


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def until_replaced(service: Service, dead: int, count: int) -> float:
    """Wait until there are as many workers again, all of them at work; return the seconds that it took."""
    began = time.monotonic()
    eventually(lambda: dead not in (pids := workers_of(service)) and len(pids) == count)
    eventually(lambda: len(processes_that_answer(service)) >= count)
    return time.monotonic() - began


def processes_that_answer(service: Service, tries: int = 12) -> set[str]:
    """The `worker` labels of whoever answers, over connections of their own."""
    return {worker_of(ask(service, None, path="/metrics")) for _ in range(tries)}


def worker_of(metrics: Answer) -> str:
    """The process that answered a scrape: the one that has this request under way."""
    for line in metrics.body.decode().splitlines():
        if line.startswith("tollhouse_in_flight{") and not line.endswith(" 0.0"):
            return line.split('"')[1]
    raise AssertionError("nobody says that it answers")


def ask(
    service: Service,
    body: Tree | None,
    *,
    path: str = "/v1/chat/completions",
    headers: Mapping[str, str] | None = None,
    key: str = KEY,
) -> Answer:
    """One request over a connection of its own."""
    authorised = {**AUTHORISED, "authorization": f"Bearer {key}", **(headers or {})}
    method = "GET" if body is None else "POST"
    with sending(service.url, body or b"", path=path, headers=authorised, method=method) as response:
        return read(response)


@contextmanager
def opened(service: Service, model: str, **more: object) -> Iterator[HTTPResponse]:
    """A stream that has begun."""
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": True, **more}
    with sending(service.url, body, path="/v1/chat/completions", headers=AUTHORISED) as response:
        yield response


def hanging(service: Service, body: Tree, headers: Mapping[str, str]) -> HTTPConnection:
    """A request on its way, whose answer nobody waits for yet."""
    parts = urlsplit(service.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {**AUTHORISED, **headers})
    return connection
