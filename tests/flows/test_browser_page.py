"""docs/how-to/browser.md, executed: its back end and its page, in a real browser where there is one and by a plain client anyway."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import yaml

from flow_browser import CHROMIUM, Tab, browsing
from flow_house import WAIT_S, Answer, Tree, last_call, read, route, running, sending, tree
from tollhouse.testing.house import TestHouse

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "browser.md").read_text()
ANSWER = "It left our shop this morning, and it is on its way to you."
QUESTION: Tree = {"model": "fast", "stream": True, "messages": [{"role": "user", "content": "Where is my parcel?"}]}


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Shop:
    """The page's site at its own origin, and the tollhouse that lets it in."""

    house: TestHouse
    origin: str


def settings_for(origin: str) -> Tree:
    cases = yaml.safe_load(block("yaml").replace("https://shop.example", origin))["use_cases"]
    return tree(
        models={"fast": route("shop-model")},
        teams={"shop": {}},
        use_cases=cases,
        keys=[{"name": "shop-back-end", "team": "shop", "secret": "<api_key>"}],
    )


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    (tmp_path / "backend.py").write_text(block("python"))
    (tmp_path / "page.html").write_text(block("html"))
    with running(settings_for(origin)) as house:
        house.answer("shop-model", ANSWER)
        env = {"TOLLHOUSE_URL": house.url, "TOLLHOUSE_KEY": house.api_key, "ORIGIN": origin, "PORT": str(port)}
        with back_end(tmp_path, env, port):
            yield Shop(house, origin)


@contextmanager
def back_end(folder: Path, env: dict[str, str], port: int) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "backend.py"], cwd=folder, env={**os.environ, **env}, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + WAIT_S
        while not listens(port):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(WAIT_S)


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


# --- in a browser ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    not CHROMIUM.exists(), reason="there is no Chromium; the page's requests are made by a plain client"
)
def test_the_page_streams_an_answer_in_a_browser(shop: Shop, tmp_path: Path) -> None:
    asyncio.run(asking_in_a_browser(shop, tmp_path))

    call = last_call(shop.house)
    assert (call.key, call.use_case, call.subject) == ("shop-back-end", "shop-chat", "customer-4711")
    assert call.streamed
    assert call.session is not None


async def asking_in_a_browser(shop: Shop, folder: Path) -> None:
    async with browsing(folder) as tab:
        await tab.open(f"{shop.origin}/")
        await ask(tab)
        shown = await tab.run("({...answer.dataset, text: answer.textContent})")
        await tab.screenshot(folder / "answered.png")
        with_key = await fetched(tab, shop.house.url, shop.house.api_key)
        outdated = await fetched(tab, shop.house.url, "ths-outdated")
        await tab.open(shop.origin.replace("127.0.0.1", "localhost") + "/")
        await ask(tab)
        elsewhere = await tab.run("answer.dataset.problem")

    assert isinstance(shown, dict)
    assert (shown["text"], "problem" in shown) == (ANSWER, False)
    assert str(shown["call"]).startswith("call_")
    assert (with_key, outdated) == ("origin_not_allowed", "invalid_api_key")
    assert elsewhere == "Failed to fetch"


async def ask(tab: Tab) -> None:
    await tab.run("document.querySelector('#ask').requestSubmit()")
    await tab.until("document.querySelector('#answer').matches('[data-call], [data-problem]')")


async def fetched(tab: Tab, url: str, secret: str) -> object:
    headers = json.dumps({"authorization": f"Bearer {secret}"})
    return await tab.run(f"fetch('{url}/v1/models', {{headers: {headers}}}).then((r) => r.json()).then((m) => m.code)")


# --- by a plain client ----------------------------------------------------------------------------------------------


def test_what_the_page_asks_for_is_answered_as_a_browser_needs_it(shop: Shop) -> None:
    with urlopen(Request(f"{shop.origin}/")) as answer:
        page = answer.read().decode()
    with urlopen(Request(f"{shop.origin}/session", b"")) as answer:
        given = json.load(answer)
    assert page == block("html")
    assert given["url"] == shop.house.url

    allowed = from_page(shop, "OPTIONS", **{"access-control-request-method": "POST"})
    answered = from_page(shop, "POST", authorization=f"Bearer {given['token']}")
    with_key = from_page(shop, "POST", authorization=f"Bearer {shop.house.api_key}")

    told = [each.headers["access-control-allow-origin"] for each in (allowed, answered, with_key)]
    assert told == [shop.origin] * 3
    assert {"authorization", "content-type"} <= set(allowed.headers["access-control-allow-headers"].split(", "))
    assert text_of(answered) == ANSWER
    assert "x-tollhouse-call" in answered.headers["access-control-expose-headers"]
    assert with_key.code == "origin_not_allowed"


def test_a_page_elsewhere_is_told_nothing(shop: Shop) -> None:
    elsewhere = Shop(shop.house, shop.origin.replace("127.0.0.1", "localhost"))

    answer = from_page(elsewhere, "OPTIONS", **{"access-control-request-method": "POST"})

    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


def from_page(shop: Shop, method: str, **headers: str) -> Answer:
    sent = {"origin": shop.origin, "content-type": "application/json", **headers}
    with sending(shop.house.url, QUESTION, path="/v1/chat/completions", headers=sent, method=method) as response:
        return read(response)


def text_of(answer: Answer) -> str:
    *events, end = answer.events()
    assert end == b"[DONE]"
    choices = [json.loads(event)["choices"] for event in events]
    return "".join(choice["delta"].get("content") or "" for each in choices for choice in each)
