"""
The dialect `openai`: any provider with an OpenAI-compatible base URL, Azure included.

One attempt: send, wait for the response headers, then relay: a stream event by event, anything else as one whole body.
What ends well is complete; everything else is one of the UpstreamErrors.
"""

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from tollhouse import __version__
from tollhouse.domain.errors import InvalidRequest, UpstreamCut, UpstreamError, UpstreamUnusable
from tollhouse.domain.governance import Timeouts
from tollhouse.domain.providers import ProviderSpec, Secret
from tollhouse.domain.wire import Asked, Event, Facts
from tollhouse.ports.provider import Outgoing, Provider

from .addresses import address
from .faults import FAULT_MAX_BYTES, answer_error, fault_in, status_error
from .quota import quota_in
from .sse import EVENT_MAX_BYTES, EventSplitter, SplitEvent
from .tools import Tools
from .transport import Exchange, Transport, header_block
from .watch import Watch

_DONE = b"[DONE]"
_DONE_FACTS = Facts(ended=True)


def connect(spec: ProviderSpec, tools: Tools) -> Provider:
    """Return the provider of this spec; nothing is sent yet. Raises ConfigError if its base URL cannot be used."""
    return OpenAIProvider(spec, tools.transport)


class OpenAIProvider:
    """One configured provider. The transport is shared and closed by whoever made it."""

    degraded = False

    def __init__(self, spec: ProviderSpec, transport: Transport) -> None:
        self.name = spec.name
        self._keys = spec.keys
        self._transport = transport
        self._address = address(spec)
        self._headers = [
            {streamed: header_block(self._fixed_headers(key, streamed=streamed)) for streamed in (False, True)}
            for key in self._keys
        ]

    def _fixed_headers(self, key: Secret | None, *, streamed: bool) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "accept": "text/event-stream" if streamed else "application/json",
            # A compressed stream would wait in the provider's compressor, event by event; and unpacking costs us more
            # CPU than the bytes of an answer are worth.
            "accept-encoding": "identity",
            "user-agent": f"tollhouse/{__version__}",
        }
        if key:
            name, before = self._address.key_header
            headers[name] = before + key.reveal()
        return headers

    def send(self, outgoing: Outgoing) -> AsyncGenerator[Event, None]:
        return self._stream(outgoing) if outgoing.asked.streamed else self._whole(outgoing)

    async def close(self) -> None:
        """Nobody asks there any more: what is idle there is closed."""
        self._transport.leave(self._address.origin)

    async def _stream(self, outgoing: Outgoing) -> AsyncGenerator[Event, None]:
        attempt = await self._begin(outgoing)
        try:
            await self._expect_stream(attempt, outgoing)
            ending = _Ending(outgoing.asked)
            watch = attempt.watch
            reader = _EventReader(attempt.exchange, outgoing.max_answer_bytes)
            while (events := await reader.next(ending)) is not None:
                for raw, data in events:
                    facts = self._scanned(outgoing, data)
                    if facts.output:
                        watch.output_began()
                    if ending.seen(facts):
                        watch.answer_finished()
                    elif facts.ended:
                        raise UpstreamCut("The provider ended its stream before every choice had finished.")
                    watch.hold()
                    yield Event(raw, facts)
                    watch.resume()
                    if facts.ended:
                        attempt.exchange.finish()
                        return
            if not ending.complete:
                raise UpstreamCut
        finally:
            attempt.close()

    async def _whole(self, outgoing: Outgoing) -> AsyncGenerator[Event, None]:
        attempt = await self._begin(outgoing)
        try:
            attempt.watch.output_began()
            body = await _body(attempt, outgoing.max_answer_bytes)
            facts = self._scanned_whole(outgoing, body, attempt.exchange)
        finally:
            attempt.close()
        yield Event(body, facts)

    async def _begin(self, outgoing: Outgoing) -> "_Attempt":
        """Send, and wait until the provider has answered with a good status."""
        timeouts = outgoing.deployment.timeouts
        watch = Watch(timeouts, streamed=outgoing.asked.streamed)
        attempt = _Attempt(await self._request(outgoing, timeouts), watch)
        try:
            watch.guard(attempt.exchange)
            await self._answered(attempt, outgoing)
        except BaseException:
            attempt.close()
            raise
        return attempt

    async def _request(self, outgoing: Outgoing, timeouts: Timeouts) -> Exchange:
        streamed = outgoing.asked.streamed
        try:
            return await self._transport.request(
                outgoing.method,
                self._address.origin,
                self._address.target(outgoing.path, outgoing.deployment.model),
                self._headers[outgoing.key][streamed] + (header_block(outgoing.headers) if outgoing.headers else b""),
                outgoing.body,
                connect_ms=min(timeouts.connect_ms, timeouts.first_ms(streamed=streamed), timeouts.total_ms),
                pool_ms=timeouts.pool_ms,
            )
        except ValueError as error:
            raise InvalidRequest("The request's path or headers have characters that cannot be sent.") from error

    async def _answered(self, attempt: "_Attempt", outgoing: Outgoing) -> None:
        exchange = attempt.exchange
        await exchange.answered()
        if outgoing.heard is not None and (quota := quota_in(exchange.headers, time.time())) is not None:
            outgoing.heard(quota)
        if not 200 <= exchange.status < 300:
            attempt.watch.answer_finished()  # the status alone says enough, so its body is not waited for long
            body = await _fault_body(exchange)
            raise status_error(exchange.status, exchange.headers, body, key=self._keys[outgoing.key], now_s=time.time())

    async def _expect_stream(self, attempt: "_Attempt", outgoing: Outgoing) -> None:
        """Some providers answer a stream request with one JSON body, most often an error."""
        content_type = _content_type(attempt.exchange)
        if content_type == "text/event-stream":
            return
        body = await _body(attempt, min(FAULT_MAX_BYTES, outgoing.max_answer_bytes)) if "json" in content_type else b""
        if fault := fault_in(body):
            raise answer_error(fault, attempt.exchange.status, key=self._keys[outgoing.key])
        raise UpstreamUnusable("The provider answered a stream request with something that is not an event stream.")

    def _scanned(self, outgoing: Outgoing, data: bytes) -> Facts:
        if data == _DONE:
            return _DONE_FACTS
        try:
            _check_text(data)
            facts = outgoing.endpoint.scan(data)
        except (ValueError, RecursionError) as error:
            raise UpstreamUnusable("An event of the provider's stream is not JSON that can be read.") from error
        if facts.fault is not None:
            raise answer_error(facts.fault, 200, key=self._keys[outgoing.key])
        return facts

    def _scanned_whole(self, outgoing: Outgoing, body: bytes, exchange: Exchange) -> Facts:
        content_type = _content_type(exchange)
        if not body or (content_type and "json" not in content_type):
            raise UpstreamUnusable("The provider's answer is empty or not JSON.")
        try:
            _check_text(body)
            facts = outgoing.endpoint.scan_whole(body)
        except (ValueError, RecursionError) as error:
            raise UpstreamUnusable("The provider's answer is not JSON that can be read.") from error
        if facts.fault is not None:
            raise answer_error(facts.fault, exchange.status, key=self._keys[outgoing.key])
        return facts


@dataclass(frozen=True, slots=True)
class _Attempt:
    exchange: Exchange
    watch: Watch

    def close(self) -> None:
        self.watch.stop()
        self.exchange.close()


class _Ending:
    """Which choices have finished: a stream is complete when all that were asked for have, or when it says that it ended."""

    __slots__ = ("_choices", "_finished", "complete")

    def __init__(self, asked: Asked) -> None:
        self._choices = asked.choices
        self._finished: set[int] = set()
        self.complete = False

    def seen(self, facts: Facts) -> bool:
        """Return whether the stream is complete with this event. `[DONE]` alone completes nothing."""
        if facts.finished:
            self._finished.update(facts.finished)
        if len(self._finished) >= self._choices or (facts.ended and facts is not _DONE_FACTS):
            self.complete = True
        return self.complete


class _EventReader:
    """Reads a stream as batches of events, each what one piece of it completed."""

    __slots__ = ("_exchange", "_max_bytes", "_received", "_splitter")

    def __init__(self, exchange: Exchange, max_bytes: int) -> None:
        self._exchange = exchange
        self._splitter = EventSplitter(min(EVENT_MAX_BYTES, max_bytes))
        self._max_bytes = max_bytes
        self._received = 0

    async def next(self, ending: _Ending) -> list[SplitEvent] | None:
        """Return the next batch, maybe empty; None at the end. Once the stream is complete, a missing end is no error."""
        try:
            chunk = await self._exchange.read()
        except UpstreamError:
            if ending.complete:
                return None
            raise
        if not chunk:
            return self._splitter.finish() or None
        self._received += len(chunk)
        _check_size(self._received, self._max_bytes)
        return self._splitter.feed(chunk)


async def _body(attempt: _Attempt, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    received = 0
    while chunk := await attempt.exchange.read():
        attempt.watch.progressed()
        received += len(chunk)
        _check_size(received, max_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


async def _fault_body(exchange: Exchange) -> bytes:
    """Read an error's body as far as it comes."""
    body = bytearray()
    try:
        while len(body) < FAULT_MAX_BYTES and (chunk := await exchange.read()):
            body += chunk
    except UpstreamError:
        return bytes(body)
    return bytes(body[:FAULT_MAX_BYTES])


def _check_text(data: bytes) -> None:
    """JSON is UTF-8, also in members that no endpoint looks at. Raises UnicodeDecodeError, a ValueError."""
    if not data.isascii():
        data.decode()


def _check_size(received: int, max_bytes: int) -> None:
    if received > max_bytes:
        raise UpstreamUnusable(f"The provider's answer is larger than {max_bytes} bytes.")


def _content_type(exchange: Exchange) -> str:
    return exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
