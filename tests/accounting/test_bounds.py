"""The most input tokens that a request can be charged for."""

import base64
import json

import pytest

from tollhouse.accounting.bounds import (
    AUDIO_TOKENS,
    FILE_TOKENS,
    IMAGE_TOKENS,
    MAX_COUNTED_CHARS,
    tokens_in_bound,
    tokens_in_counted,
)
from tollhouse.domain.errors import BoundUnknown
from tollhouse.domain.governance import Deployment
from tollhouse.domain.wire import Asked

PLAIN = Deployment("openai", "gpt-5-mini", "openai")
WINDOWED = Deployment("openai", "gpt-5-mini", "openai", context_tokens=5_000)
IMAGE = base64.b64encode(bytes(range(256)) * 40).decode()


class Words:
    """Counts words, so that a text of few words counts little however long it is."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def count(self, text: str) -> int:
        self.texts.append(text)
        return len(text.split())


def request(*parts: str, previous: str | None = None, held_elsewhere: bool = False) -> Asked:
    return Asked("fast", False, {}, 0, parts=parts, previous=previous, held_elsewhere=held_elsewhere)


def bound(asked: Asked, deployment: Deployment = PLAIN, previous_tokens: int = 0, *, budgeted: bool = True) -> int:
    return tokens_in_bound(asked, 1_000, deployment, previous_tokens=previous_tokens, budgeted=budgeted)


def test_a_token_is_at_least_one_byte() -> None:
    assert bound(request()) == 1_000


def test_each_part_that_is_not_text_adds_its_own_bound() -> None:
    assert bound(request("image", "image")) == 1_000 + 2 * IMAGE_TOKENS
    assert bound(request("audio")) == 1_000 + AUDIO_TOKENS
    assert bound(request("file")) == 1_000 + FILE_TOKENS
    assert bound(request("hologram")) == 1_000 + FILE_TOKENS


def test_an_image_at_high_detail_is_two_thousand_base_tokens_and_eight_tiles() -> None:
    assert IMAGE_TOKENS == 2_833 + 8 * 5_667


def test_the_operators_bound_for_a_part_wins() -> None:
    own = Deployment("openai", "gpt-5-mini", "openai", bounds={"image": 765, "file": 10})

    assert bound(request("image", "file"), own) == 1_000 + 775


def test_the_context_window_bounds_audio_and_files() -> None:
    assert bound(request("audio", "file", "image"), WINDOWED) == 1_000 + 5_000 + 5_000 + IMAGE_TOKENS


def test_a_continued_response_adds_its_own_size() -> None:
    assert bound(request(previous="resp_1"), previous_tokens=300) == 1_300


@pytest.mark.parametrize("asked", [request(held_elsewhere=True), request(previous="resp_1")])
def test_input_of_unknown_size_is_bounded_by_the_context_window_or_not_at_all(asked: Asked) -> None:
    assert bound(asked, WINDOWED) == 5_000
    assert bound(asked, budgeted=False) == 1_000
    with pytest.raises(BoundUnknown, match="context_tokens"):
        bound(asked)


def test_counting_leaves_the_data_of_parts_out() -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{IMAGE}"}}
    body = json.dumps({"messages": [{"role": "user", "content": [{"type": "text", "text": "what is it"}, image]}]})
    words = Words()

    counted = tokens_in_counted(request("image"), body.encode(), PLAIN, words, previous_tokens=7)

    assert counted is not None
    assert IMAGE_TOKENS + 7 < counted < IMAGE_TOKENS + 7 + 30
    assert IMAGE not in words.texts[0]
    assert "what is it" in words.texts[0]


def test_text_that_only_looks_like_a_part_is_counted() -> None:
    disguised = {"type": "file", "description": IMAGE}
    body = json.dumps({"messages": [], "tools": [{"function": {"parameters": disguised}}]})
    words = Words()

    tokens_in_counted(request("file"), body.encode(), PLAIN, words, previous_tokens=0)

    assert IMAGE in words.texts[0]


def test_prose_inside_a_part_is_counted() -> None:
    prose = "please read all of this carefully, " * 40
    body = json.dumps({"input": [{"content": [{"type": "input_image", "image_url": IMAGE, "note": prose}]}]})
    words = Words()

    tokens_in_counted(request("image"), body.encode(), PLAIN, words, previous_tokens=0)

    assert prose in words.texts[0]
    assert IMAGE not in words.texts[0]


def test_the_same_data_outside_its_part_is_counted() -> None:
    part = {"type": "input_image", "image_url": IMAGE}
    body = json.dumps({"input": [{"content": [part, {"type": "input_text", "text": IMAGE}]}]})
    words = Words()

    tokens_in_counted(request("image"), body.encode(), PLAIN, words, previous_tokens=0)

    assert words.texts[0].count(IMAGE) == 1


def test_more_parts_than_were_read_cannot_be_counted() -> None:
    part = {"type": "input_image", "image_url": IMAGE}
    body = json.dumps({"input": [{"content": [part, part]}]})

    assert tokens_in_counted(request("image"), body.encode(), PLAIN, Words(), previous_tokens=0) is None


def test_what_the_provider_holds_cannot_be_counted() -> None:
    assert tokens_in_counted(request(held_elsewhere=True), b"{}", PLAIN, Words(), previous_tokens=0) is None
    assert tokens_in_counted(request(previous="resp_1"), b"{}", PLAIN, Words(), previous_tokens=0) is None


def test_a_text_beyond_every_context_window_is_not_counted() -> None:
    limit = MAX_COUNTED_CHARS

    assert tokens_in_counted(request(), b"x" * limit, PLAIN, Words(), previous_tokens=0) == 1
    assert tokens_in_counted(request(), b"x" * (limit + 1), PLAIN, Words(), previous_tokens=0) is None
