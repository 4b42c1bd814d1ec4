"""A real browser, headless, driven over its own protocol (Chrome DevTools Protocol): for flows that only a page can tell."""

import asyncio
import base64
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=800,300",
    "--remote-debugging-port=0",
)
START_S = 60.0


class Tab:
    """One page. Every question is answered or raises."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._asked = 0

    async def open(self, url: str) -> None:
        await self._ask("Page.navigate", url=url)
        await self.run(
            "new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', done))"
        )

    async def run(self, script: str) -> object:
        """Run an expression in the page and wait for what it promises; it must be JSON."""
        answer = await self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        result = answer["result"]
        assert isinstance(result, dict)
        return result.get("value")

    async def until(self, condition: str) -> None:
        """Wait until a condition holds in the page."""
        await self.run(
            "new Promise((done) => { const look = () => "
            f"({condition}) ? done(true) : setTimeout(look, 20); look(); }})"
        )

    async def screenshot(self, path: Path) -> None:
        answer = await self._ask("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(str(answer["data"])))

    async def _ask(self, method: str, **params: object) -> dict[str, object]:
        self._asked += 1
        await self._socket.send_json({"id": self._asked, "method": method, "params": params})
        async with asyncio.timeout(START_S):
            while True:
                message = json.loads((await self._socket.receive()).data)
                if message.get("id") == self._asked:
                    assert "result" in message, message
                    return dict(message["result"])


@asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Tab]:
    """Start a browser with an empty profile in the folder; yield its one tab."""
    profile = folder / "profile"
    process = subprocess.Popen(
        [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port = await _port(profile / "DevToolsActivePort", process)
        async with aiohttp.ClientSession(trust_env=False) as http:
            async with http.get(f"http://127.0.0.1:{port}/json/list") as answer:
                address = next(each["webSocketDebuggerUrl"] for each in await answer.json() if each["type"] == "page")
            async with http.ws_connect(address, max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        process.terminate()
        process.wait(START_S)
        shutil.rmtree(profile, ignore_errors=True)


async def _port(path: Path, process: "subprocess.Popen[bytes]") -> int:
    """The browser writes it once it listens."""
    async with asyncio.timeout(START_S):
        while not path.exists() or "\n" not in path.read_text():
            assert process.poll() is None, "the browser did not start"
            await asyncio.sleep(0.05)
    return int(path.read_text().splitlines()[0])
