from collections.abc import Sequence

import pytest

from tollhouse.adapters.embedder import open_embedder
from tollhouse.domain.guardrails import Topic
from tollhouse.privacy.guardrails.topics import Topics

TAX = Topic("tax", words=("tax*", "steuer*", "impôt*", "fisc*"))
CLAIMS = Topic("claims", words=("claim*", "accident*", "damage*", "schaden*", "unfall*", "sinistre*", "accident*"))

ABOUT_TAX = [
    "How much tax do I pay on a gift?",
    "Can you help with my taxes?",
    "I do not understand my tax bill.",
    "Why should I not declare this for tax?",
    "It is not about the invoice, it is about the tax.",
    "I don't want to talk about claims, but about taxes.",
    "Wie fülle ich die Steuererklärung aus?",
    "Warum muss ich keine Steuern zahlen?",
    "Ich brauche keine Rechnung, sondern Hilfe bei den Steuern.",
    "Comment payer moins d'impôts ?",
    "Je ne comprends pas mes impôts.",
]
NOT_ABOUT_TAX = [
    "This is not about tax.",
    "My question is not about taxes, I only want to change my address.",
    "I don't want tax advice, just the opening hours.",
    "Apart from taxes, what do I have to send?",
    "Taxes are not my question.",
    "Es geht nicht um Steuern, sondern um meine Adresse.",
    "Ich will keine Steuerberatung.",
    "Ohne Bezug zur Steuer: wann haben Sie offen?",
    "Steuern sind hier nicht mein Thema.",
    "Il ne s'agit pas d'impôts.",
    "Ma question n'a aucun rapport avec les impôts.",
    "Les impôts, ce n'est pas mon sujet.",
    "How long is the warranty?",
    "",
]


@pytest.mark.parametrize("text", ABOUT_TAX)
def test_a_denied_topic_is_found_at_its_word(text: str) -> None:
    hits = list(Topics(deny=[TAX]).hits(text))

    assert {hit.rule for hit in hits} == {"denied"}
    assert all(text[hit.start : hit.end].casefold().startswith(("tax", "steuer", "impôt")) for hit in hits)


@pytest.mark.parametrize("text", NOT_ABOUT_TAX)
def test_a_topic_that_is_named_to_leave_it_out_is_not_the_texts_topic(text: str) -> None:
    assert list(Topics(deny=[TAX]).hits(text)) == []


@pytest.mark.parametrize(
    ("text", "is_off"),
    [
        ("My car was hit and the damage is large.", False),
        ("Gestern hatte ich mit dem Auto einen Unfall.", False),
        ("Write me a poem about the sea at night.", True),
        ("This is not about a claim, tell me a long joke.", True),
        ("Yes, please.", False),
    ],
)
def test_a_text_about_none_of_the_allowed_topics_is_off_topic(text: str, is_off: bool) -> None:
    hits = list(Topics(allow=[CLAIMS]).hits(text))

    assert [hit.rule for hit in hits] == ["off_topic"] * is_off


class CountingEmbedder:
    """Texts that share their first letter mean the same."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked += texts
        return [[1.0 if ord(text[0].lower()) - 97 == at else 0.0 for at in range(26)] for text in texts]


def test_a_sentence_that_means_what_an_example_means_is_about_the_topic() -> None:
    embedder = CountingEmbedder()
    topics = Topics(deny=[Topic("tax", examples=("What do I owe the state?",))], embedder=lambda: embedder)
    text = "Hello there. Which part of my salary is withheld? Bye."

    hits = list(topics.hits(text))
    list(topics.hits("Again nothing."))

    assert [text[hit.start : hit.end].strip() for hit in hits] == ["Which part of my salary is withheld"]
    assert embedder.asked.count("What do I owe the state?") == 1
    assert topics.is_slow


EXAMPLES = (
    "How much tax do I owe on a gift?",
    "Can I deduct my travel costs from my income?",
    "Kann ich meine Fahrtkosten von der Steuer absetzen?",
    "Puis-je déduire mes frais de transport de mes revenus ?",
)


@pytest.mark.parametrize(
    ("text", "is_about"),
    [
        ("May I deduct the costs of my way to work?", True),
        ("Lassen sich meine Fahrkosten absetzen?", True),
        ("Est-ce que je peux déduire le trajet de mon revenu ?", True),
        ("How do I cancel my policy?", False),
        ("Mein Paket ist nicht angekommen.", False),
        ("Quels sont vos horaires ?", False),
    ],
)
def test_a_paraphrase_without_the_topics_words_is_told_by_its_meaning(
    meanings: Topics, text: str, is_about: bool
) -> None:
    assert bool(list(meanings.hits(text))) == is_about


@pytest.fixture(scope="module")
def meanings() -> Topics:
    return Topics(deny=[Topic("tax", examples=EXAMPLES)], embedder=open_embedder)


def test_words_alone_need_no_embedder() -> None:
    assert not Topics(deny=[TAX], allow=[CLAIMS]).is_slow
