"""What tokens cost at a past moment: the operator's own price, else the public one of then."""

from tollhouse.accounting.past_prices import PastPrices
from tollhouse.domain.governance import Deployment, Route
from tollhouse.domain.money import PriceLine, Rates

OWN = PriceLine("config", Rates(1, 1, 1))
DAY_MS = 86_400_000


class Seed:
    """A table whose price is the day."""

    def line(self, base_url: str | None, model: str, at_ms: int) -> PriceLine | None:
        return PriceLine(f"{base_url} {model} {at_ms // DAY_MS}", OWN.rates) if base_url else None


def prices(*deployments: Deployment) -> PastPrices:
    return PastPrices([Route("fast", deployments)], Seed(), {"openai": "https://openai"})


def id_of(line: PriceLine | None) -> str | None:
    return line.id if line is not None else None


def test_an_operators_own_line_wins_also_through_a_pattern() -> None:
    own = prices(Deployment("openai", "gpt-5", "openai", price=OWN))
    pattern = prices(Deployment("openai", "*", "openai", price=OWN))

    assert [id_of(each.line("openai/gpt-5", DAY_MS)) for each in (own, pattern)] == ["config", "config"]


def test_the_public_price_is_that_of_the_moment() -> None:
    book = prices(Deployment("openai", "*", "openai"))

    assert [id_of(book.line("openai/gpt-5", n * DAY_MS)) for n in (1, 2, 1)] == [
        "https://openai gpt-5 1",
        "https://openai gpt-5 2",
        "https://openai gpt-5 1",
    ]


def test_a_deployment_that_is_gone_has_its_public_price_and_an_unknown_provider_none() -> None:
    assert id_of(prices().line("openai/old", DAY_MS)) == "https://openai old 1"
    assert prices().line("elsewhere/old", DAY_MS) is None
