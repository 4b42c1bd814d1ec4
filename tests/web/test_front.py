"""Whom we answer to, and whose word on addresses is taken."""

import pytest

from tollhouse.domain.errors import HostNotAllowed
from tollhouse.web.asgi import Headers, Scope
from tollhouse.web.front import FORWARDED_MAX, HOSTS_KEPT, Front


def a_scope(*headers: tuple[str, str], peer: str = "10.0.0.1", path: str = "/v1/models") -> Scope:
    sent: Headers = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": sent,
        "client": (peer, 1),
        "state": {},
    }


def admits(front: Front, host: str, path: str = "/v1/models") -> bool:
    try:
        front.admit(a_scope(("host", host), path=path))
    except HostNotAllowed:
        return False
    return True


LOCAL = Front(is_local=True)
NAMED = Front(["gateway.example", "*.internal.example", "192.0.2.7"])


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8088", "LOCALHOST", "a.localhost", "127.0.0.1:8088", "[::1]:8088", "[::1]", "10.1.2.3"],
)
def test_a_local_server_answers_to_this_machines_names_and_to_addresses(host: str) -> None:
    assert admits(LOCAL, host)


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "1.2.3", "xlocalhost"]
)
def test_a_local_server_answers_to_no_name_that_somebody_else_can_let_lead_here(host: str) -> None:
    assert not admits(LOCAL, host)


@pytest.mark.parametrize(
    "host", ["gateway.example", "Gateway.Example:443", "gateway.example.", "a.internal.example", "a.b.internal.example"]
)
def test_named_hosts_are_answered_to(host: str) -> None:
    assert admits(NAMED, host)


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "internal.example", "xinternal.example", "gateway.example.evil.example", "192.0.2.8"],
)
def test_no_others_are(host: str) -> None:
    assert not admits(NAMED, host)


def test_a_request_without_a_host_is_for_nobody() -> None:
    for front in (LOCAL, NAMED):
        with pytest.raises(HostNotAllowed):
            front.admit(a_scope())


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_may_come_under_any_name(path: str) -> None:
    assert admits(NAMED, "10.2.3.4:8088", path)
    assert not admits(NAMED, "10.2.3.4:8088", "/metrics")


def test_a_refusal_says_what_to_set() -> None:
    with pytest.raises(HostNotAllowed, match=r"'evil\.example'.*server\.hosts"):
        LOCAL.admit(a_scope(("host", "evil.example")))


def test_hosts_that_callers_invent_are_not_remembered_without_end() -> None:
    front = Front(["*.example"])

    assert all(admits(front, f"h{n}.example") for n in range(HOSTS_KEPT + 10))


# --- where from -----------------------------------------------------------------------------------------------------

PROXIED = Front(trusted_proxies=["10.0.0.0/8", "2001:db8::/32"])


def address(*forwarded: str, peer: str = "10.0.0.1", front: Front = PROXIED) -> str:
    return front.address(a_scope(*[("x-forwarded-for", each) for each in forwarded], peer=peer))


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ([], "10.0.0.1"),
        (["203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9, 10.0.0.2, 10.0.0.3"], "203.0.113.9"),
        (["10.0.0.7, 10.0.0.2"], "10.0.0.7"),
        (["203.0.113.9:4711"], "203.0.113.9"),
        (["[2001:db9::1]:4711"], "2001:db9::1"),
        (["2001:db9::1"], "2001:db9::1"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1, nonsense"], "10.0.0.1"),
        (["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        (["198.51.100.1,"], "10.0.0.1"),
        (["unknown"], "10.0.0.1"),
    ],
)
def test_the_nearest_address_that_is_no_trusted_proxys_is_the_callers(forwarded: list[str], expected: str) -> None:
    assert address(*forwarded) == expected


def test_from_anybody_else_the_header_counts_for_nothing() -> None:
    assert address("198.51.100.1", peer="203.0.113.9") == "203.0.113.9"
    assert address("198.51.100.1", front=Front()) == "10.0.0.1"


def test_no_more_proxies_are_followed_than_there_can_be() -> None:
    assert address("203.0.113.9, " + ", ".join(["10.0.0.2"] * FORWARDED_MAX)) == "10.0.0.2"
