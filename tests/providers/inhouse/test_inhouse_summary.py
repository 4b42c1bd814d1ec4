"""Mode 2: a summary is made of sentences of the text, within the limits asked for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asking import an_object, answer, filled
from tollhouse.domain.errors import InhouseCannot
from tollhouse.providers.inhouse.provider import InhouseProvider
from tollhouse.providers.inhouse.sentences import is_said, sentences
from tollhouse.providers.inhouse.summary import Limits, gist, limits_in, summarise

ENGLISH = (
    "On Monday the water pipe in the kitchen burst. The whole floor was flooded within an hour. We called Dr. Miller, "
    "who came at 10 p.m. and closed the main valve. The repair costs 1,250 CHF. Thanks for your help."
)
GERMAN = (
    "Am 3. Mai 2026 ist die Heizung ausgefallen. Der Techniker kam erst nach zwei Tagen. Wir verlangen z. B. eine "
    "Rückerstattung von 300 Franken. Mit freundlichen Grüssen."
)
FRENCH = (
    "Le chauffage est tombé en panne le 3 mai. Le technicien est venu après deux jours seulement. "
    "Nous demandons un remboursement de 300 francs. Meilleures salutations."
)


@pytest.mark.parametrize(
    ("asked", "text", "most"),
    [
        ("Summarise the text in two sentences:", ENGLISH, 2),
        ("Please write a one-sentence summary of this e-mail:", ENGLISH, 1),
        ("Fasse den folgenden Text in einem Satz zusammen:", GERMAN, 1),
        ("Erstelle eine Zusammenfassung in höchstens zwei Sätzen:", GERMAN, 2),
        ("Résume le texte en une phrase :", FRENCH, 1),
        ("Fais un résumé de ce texte en deux phrases :", FRENCH, 2),
    ],
)
async def test_summarises_with_the_texts_own_sentences(
    inhouse: InhouseProvider, asked: str, text: str, most: int
) -> None:
    summary = await answer(inhouse, ("user", f"{asked}\n\n{text}"))

    chosen = sentences(summary)
    assert 1 <= len(chosen) <= most
    assert all(sentence in text for sentence in chosen)


async def test_the_system_message_may_ask_and_the_user_give_the_text(inhouse: InhouseProvider) -> None:
    summary = await answer(inhouse, ("system", "You summarise letters. At most 15 words."), ("user", ENGLISH))

    assert 1 <= len(summary.split()) <= 15
    assert all(sentence in ENGLISH for sentence in sentences(summary))


async def test_bullets_are_sentences_on_lines(inhouse: InhouseProvider) -> None:
    summary = await answer(inhouse, ("user", f"Summarize in 3 bullet points.\n\n{ENGLISH}"))

    lines = summary.split("\n")
    assert len(lines) == 3
    assert all(line.startswith("- ") and line[2:] in ENGLISH for line in lines)


async def test_the_output_limit_shortens_a_summary_and_is_never_passed(inhouse: InhouseProvider) -> None:
    summary = await answer(inhouse, ("user", f"Summarise:\n\n{ENGLISH}"), max_tokens=12)

    assert len(summary) <= 48
    assert summary in ENGLISH
    with pytest.raises(InhouseCannot, match="short enough"):
        await answer(inhouse, ("user", f"Summarise:\n\n{ENGLISH}"), max_tokens=2)


async def test_a_summary_property_obeys_its_limits(inhouse: InhouseProvider) -> None:
    found = await filled(inhouse, GERMAN, an_object(zusammenfassung={"type": "string", "maxLength": 60}))

    assert str(found["zusammenfassung"]) in GERMAN
    assert len(str(found["zusammenfassung"])) <= 60


async def test_a_summary_in_another_language_would_be_a_translation(inhouse: InhouseProvider) -> None:
    for asked in ("Summarise in German:", "Fasse auf Französisch zusammen:", "Summarise and translate:"):
        with pytest.raises(InhouseCannot):
            await answer(inhouse, ("user", f"{asked}\n\n{ENGLISH}"))
    assert await answer(inhouse, ("user", f"Summarise in English:\n\n{ENGLISH}"))


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("in two sentences", Limits(sentences=2)),
        ("höchstens 30 Wörter", Limits(words=30)),
        ("en trois phrases au maximum", Limits(sentences=3)),
        ("in einem einzigen Satz", Limits(sentences=1)),
        ("50 mots", Limits(words=50)),
        ("at most 200 characters", Limits(chars=200)),
        ("5 bullet points", Limits(sentences=5, bullets=True)),
        ("no limit", Limits()),
    ],
)
def test_reads_limits_in_three_languages(text: str, limits: Limits) -> None:
    assert limits_in(text) == limits


def test_sentences_end_where_they_end() -> None:
    assert sentences("Dr. Miller came at 10 a.m. to see us. It was late!Really? Yes.") == [
        "Dr. Miller came at 10 a.m. to see us.",
        "It was late!",
        "Really?",
        "Yes.",
    ]
    assert sentences("Am 3. Mai war es kalt. Es kostet 1.250,50 Fr. pro Tag.") == [
        "Am 3. Mai war es kalt.",
        "Es kostet 1.250,50 Fr. pro Tag.",
    ]
    assert sentences("SHE STOPPED.AND TRAFFIC PASSED. SEE WWW.EXAMPLE.COM FOR MORE.") == [
        "SHE STOPPED.",
        "AND TRAFFIC PASSED.",
        "SEE WWW.EXAMPLE.COM FOR MORE.",
    ]


@pytest.mark.parametrize(
    ("sentence", "stem", "said"),
    [
        ("NO INJURIES WERE REPORTED.", "injur", False),
        ("She was injured.", "injur", True),
        ("Nobody was hurt, but the car was damaged.", "damag", True),
        ("The airbag didn't deploy.", "deploy", False),
        ("Es gab keine Verletzten.", "verletz", False),
        ("Verletzt wurde niemand.", "verletz", False),
        ("Il n'y a pas de blessés.", "bless", False),
        ("Une personne a été blessée.", "bless", True),
        ("The fire was not put out for an hour.", "fire", True),
        ("Das Feuer wurde nicht gelöscht.", "feuer", True),
        ("A police report was not filed.", "polic", False),
        ("Ein Protokoll wurde nicht erstellt.", "protokoll", False),
        ("Le constat n'a pas été fait.", "constat", False),
        ("Sans accident.", "accident", False),
        ("The weather was fine.", "injur", None),
    ],
)
def test_negation_is_read_in_three_languages(sentence: str, stem: str, said: bool | None) -> None:
    assert is_said(sentence, stem) is said


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet="aB. !?\n,é1-", max_size=300), count=st.integers(1, 5), most=st.integers(1, 80))
def test_whatever_the_text_no_sentence_is_invented(text: str, count: int, most: int) -> None:
    found = sentences(text)
    chosen = summarise(found, Limits(sentences=count, chars=most))

    assert all(sentence in text for sentence in found)
    assert all(sentence in found for sentence in chosen)
    assert len(chosen) <= count
    assert len(" ".join(chosen)) <= most


def test_the_gist_of_a_long_text_is_short_and_calm() -> None:
    shouted = "THE BRAKES FAILED ON THE MOTORWAY AND I HIT A WALL. " * 40

    assert len(gist(shouted).split()) <= 45
    assert gist("THE BRAKES FAILED.") == "the brakes failed."
    assert gist("Die Bremsen sind defekt.") == "Die Bremsen sind defekt."
