"""What stands before the service: names it answers to, proxies whose word counts, and what a reload changes of it."""

import json
import signal
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flow_house import Answer, Tree, chat, eventually, read, running, tree
from flow_process import KEY, RunningSimulator, serving, simulating, write_config
from tollhouse.admission.failures import ADDRESS_BURST
from tollhouse.testing.house import TestHouse


def server(**more: object) -> Tree:
    return {"listen": "127.0.0.1:0", "admin_token": "<admin_token>", "drain_ms": 1000, **more}


@pytest.fixture(scope="module")
def proxied() -> Iterator[TestHouse]:
    """Everybody who connects is a trusted proxy."""
    with running(tree(server=server(trusted_proxies=["127.0.0.0/8"], behind_tls_proxy=True))) as house:
        yield house


def request(url: str, key: str, **headers: str) -> Answer:
    """A call whose headers are exactly these."""
    parts, body = urlsplit(url), json.dumps(chat("sim-echo")).encode()
    line = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        line.putrequest("POST", "/v1/chat/completions", skip_host="host" in headers)
        for name, value in {"authorization": f"Bearer {key}", **headers}.items():
            line.putheader(name.replace("_", "-"), value)
        line.putheader("content-length", str(len(body)))
        line.endheaders(body)
        with line.getresponse() as response:
            return read(response)
    finally:
        line.close()


def test_a_guesser_behind_a_proxy_is_slowed_down_and_the_others_behind_it_are_not(proxied: TestHouse) -> None:
    def guess(number: int, address: str) -> int:
        return request(proxied.url, f"th-guess-{number:020}", x_forwarded_for=address).status

    guesses = [guess(number, "203.0.113.9") for number in range(ADDRESS_BURST + 5)]

    assert guesses[0] == 401
    assert guesses[-1] == 429
    assert guess(0, "203.0.113.10") == 401
    assert guess(0, "198.51.100.1, 203.0.113.9") == 429, "what stands before the nearest address is invented"
    assert request(proxied.url, proxied.api_key, x_forwarded_for="203.0.113.10").status == 200


def test_without_trusted_proxies_nobody_changes_their_address() -> None:
    with running(tree()) as house:
        guesses = [
            request(house.url, f"th-guess-{number:020}", x_forwarded_for=f"203.0.113.{number}").status
            for number in range(ADDRESS_BURST + 5)
        ]

    assert guesses[-1] == 429


def test_a_service_behind_a_proxy_answers_to_any_name_unless_it_has_names(proxied: TestHouse) -> None:
    assert request(proxied.url, proxied.api_key, host="gateway.example").status == 200


def test_a_service_of_this_machine_answers_to_its_names_only_until_it_is_told_others(tmp_path: Path) -> None:
    with simulating() as simulator:
        config = write_config(tmp_path, simulator, tree(server=server()))
        with serving(config) as service:
            url = service.url
            before = [status(url, host) for host in ("localhost", "127.0.0.1:1", "gateway.example")]
            refusal = request(url, KEY, host="gateway.example")
            rewrite(tmp_path, simulator, hosts=["gateway.example"])

            service.process.send_signal(signal.SIGHUP)
            eventually(lambda: '"config_reloaded"' in service.said)

            after = [status(url, host) for host in ("localhost", "127.0.0.1:1", "gateway.example:443")]

    assert before == [200, 200, 421]
    assert refusal.code == "host_not_allowed"
    assert "server.hosts" in refusal.body.decode()
    assert after == [421, 421, 200]


def status(url: str, host: str) -> int:
    return request(url, KEY, host=host).status


def rewrite(folder: Path, simulator: RunningSimulator, **more: object) -> None:
    write_config(folder, simulator, tree(server=server(**more)))
