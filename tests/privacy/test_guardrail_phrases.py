import pytest

from tollhouse.privacy.guardrails.phrases import TONES, Phrases

BANNED = ["guaranteed return", "risikofrei*", "cent pour cent", "100 % sicher", "Größe"]

MUST_CATCH = [
    ("guaranteed return", "a guaranteed return of 5 %"),
    ("GUARANTEED\nRETURN", "a GUARANTEED\nRETURN"),
    ("guaranteed-return", "our guaranteed-return plan"),
    ("risikofreies", "ein risikofreies Angebot"),
    ("cent pour cent", "c'est cent pour cent sûr"),
    ("100 % sicher", "das ist 100 % sicher"),
    ("GROSSE", "GROSSE"),
]
MUST_NOT_CATCH = [
    "a guaranteed, high return",
    "guaranteed returns",
    "risiko",
    "nicht unrisikofrei",
    "cent",
    "100 sichere",
    "",
]


@pytest.mark.parametrize(("phrase", "text"), MUST_CATCH)
def test_a_banned_phrase_is_found_as_whole_words_in_any_case(phrase: str, text: str) -> None:
    hits = list(Phrases(BANNED).hits(text))

    assert [(hit.rule, text[hit.start : hit.end]) for hit in hits] == [("banned", phrase)]


@pytest.mark.parametrize("text", MUST_NOT_CATCH)
def test_other_words_are_not_the_phrase(text: str) -> None:
    assert list(Phrases(BANNED).hits(text)) == []


TONE_BREACHES = [
    ("shouting", "THIS IS YOUR LAST CHANCE"),
    ("shouting", "Act now!!!"),
    ("emoji", "Great 🎉"),
    ("informal", "Kannst du deine Police schicken?"),
    ("informal", "Envoie ton dossier."),
    ("insult", "Don't be stupid."),
    ("insult", "So ein Trottel."),
    ("insult", "Quel imbécile."),
]
TONE_KEPT = [
    ("shouting", "The IBAN and BIC of UBS AG."),
    ("shouting", "Really? Yes!"),
    ("emoji", "Temperature: 20 °C → fine ✓"),
    ("informal", "Könnten Sie Ihre Police schicken? Pouvez-vous envoyer votre dossier ?"),
    ("insult", "The assistant will help you with the crate."),
]


@pytest.mark.parametrize(("tone", "text"), TONE_BREACHES)
def test_a_breach_of_tone_is_found_by_its_rule_only(tone: str, text: str) -> None:
    others = [each for each in TONES if each != tone]

    assert {hit.rule for hit in Phrases(tones=[tone]).hits(text)} == {tone}
    assert {hit.rule for hit in Phrases(tones=others).hits(text)} == set()


@pytest.mark.parametrize(("tone", "text"), TONE_KEPT)
def test_what_keeps_the_tone_is_let_through(tone: str, text: str) -> None:
    assert list(Phrases(tones=[tone]).hits(text)) == []


def test_a_phrase_without_a_word_and_an_unknown_tone_are_refused() -> None:
    with pytest.raises(ValueError, match="no word"):
        Phrases(["…"])
    with pytest.raises(ValueError, match="shouting"):
        Phrases(tones=["loud"])
