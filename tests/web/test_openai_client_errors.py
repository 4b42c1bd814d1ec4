"""The official client against our errors: it must raise the right class, and retry exactly what is worth it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import openai
import pytest
from openai.types.chat import ChatCompletionChunk

from tollhouse.domain.errors import (
    BudgetExceeded,
    Draining,
    InhouseCannot,
    InvalidApiKey,
    InvalidRequest,
    ModelNotFound,
    RateLimited,
    TollhouseError,
    UpstreamTimeout,
    UseCaseNotAllowed,
)
from tollhouse.web.asgi import Receive, Scope, Send
from tollhouse.web.edge import Edge
from web_serving import Seen, serving

CHUNK = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"fast",'
    b'"choices":[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}\n\n'
)


@dataclass
class Failing:
    """A `/v1` that only fails; `begun` streams a chunk first. Counts how often it was asked."""

    error: TollhouseError
    begun: bool = False
    asked: int = 0

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        self.asked += 1
        if self.begun:
            headers = [(b"content-type", b"text/event-stream")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        raise self.error


@asynccontextmanager
async def client_of(app: Failing, *, retries: int = 0) -> AsyncIterator[openai.AsyncOpenAI]:
    async with serving(Edge(v1=app, api=app, pages={}, watch=Seen())) as url:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="th-x", max_retries=retries) as client:
            yield client


async def ask(client: openai.AsyncOpenAI) -> object:
    return await client.chat.completions.create(model="fast", messages=[{"role": "user", "content": "hello"}])


async def read(stream: openai.AsyncStream[ChatCompletionChunk], pieces: list[str | None]) -> None:
    async for chunk in stream:
        pieces.append(chunk.choices[0].delta.content)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (InvalidRequest("`temperature` must be a number.", param="temperature"), openai.BadRequestError),
        (InvalidApiKey(), openai.AuthenticationError),
        (UseCaseNotAllowed(), openai.PermissionDeniedError),
        (ModelNotFound("There is no model `gpt-9`.", param="model"), openai.NotFoundError),
        (BudgetExceeded("team claims", budget="team claims"), openai.RateLimitError),
        (UpstreamTimeout("first token", 1_000), openai.InternalServerError),
        (InhouseCannot(), openai.InternalServerError),
    ],
)
async def test_the_client_reads_message_code_type_and_param(
    error: TollhouseError, raised: type[openai.APIStatusError]
) -> None:
    async with client_of(Failing(error)) as client:
        with pytest.raises(raised) as caught:
            await ask(client)

    told = caught.value
    assert (told.code, told.param, told.type) == (error.code, error.param, error.type)
    assert error.message in str(told)
    assert told.request_id is not None
    assert told.request_id.startswith("req_")


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (RateLimited(retry_after_ms=5), 3),
        (UpstreamTimeout("connect", 1), 3),
        (BudgetExceeded("team claims", budget="team claims"), 1),
        (InhouseCannot(), 1),
        (TollhouseError(), 1),
        (InvalidRequest(), 1),
    ],
)
async def test_the_client_repeats_only_what_is_worth_it(error: TollhouseError, times: int) -> None:
    if error.retryable:
        error.retry_after_ms = 5
    app = Failing(error)

    async with client_of(app, retries=2) as client:
        with pytest.raises(openai.APIStatusError):
            await ask(client)

    assert app.asked == times


async def test_a_stream_that_fails_raises_in_the_client_after_what_had_come() -> None:
    pieces: list[str | None] = []

    async with client_of(Failing(Draining(), begun=True)) as client:
        stream = await client.chat.completions.create(
            model="fast", messages=[{"role": "user", "content": "hello"}], stream=True
        )
        with pytest.raises(openai.APIError, match="stopping") as caught:
            await read(stream, pieces)

    assert pieces == ["half"]
    assert caught.value.code == "overloaded"
