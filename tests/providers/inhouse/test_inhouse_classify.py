"""Mode 1: choosing a label, in three languages, from names, descriptions, examples and decision lists."""

import json

import pytest

from asking import an_object, answer, filled
from tollhouse.domain.wire import Message, Prompt
from tollhouse.providers.inhouse.choices import described, described_in_lines
from tollhouse.providers.inhouse.labels import labels_in
from tollhouse.providers.inhouse.provider import InhouseProvider
from tollhouse.providers.inhouse.shots import shots_of_text
from tollhouse.providers.inhouse.task import read_task

ENGLISH = "Classify the customer's message. Answer with exactly one of: billing, delivery, technical problem, password."
GERMAN = "Klassifiziere die Nachricht. Antworte mit einem der folgenden Wörter: Rechnung, Lieferung, Technik."
FRENCH = "Classe le message. Réponds par l'un des mots suivants : facture, livraison, technique."


@pytest.mark.parametrize(
    ("system", "text", "label"),
    [
        (ENGLISH, "The app crashes whenever I open it.", "technical problem"),
        (ENGLISH, "Where is my parcel? It should have come on Monday.", "delivery"),
        (ENGLISH, "I forgot my password and cannot log in.", "password"),
        (GERMAN, "Wo bleibt mein Paket?", "Lieferung"),
        (GERMAN, "Der Betrag auf meiner Rechnung ist falsch.", "Rechnung"),
        (FRENCH, "Mon colis n'est jamais arrivé.", "livraison"),
        (FRENCH, "Le montant de ma facture est faux.", "facture"),
        (ENGLISH, "Wo bleibt mein Paket?", "delivery"),
    ],
)
async def test_chooses_a_label_as_it_is_spelled(inhouse: InhouseProvider, system: str, text: str, label: str) -> None:
    assert await answer(inhouse, ("system", system), ("user", text)) == label


@pytest.mark.parametrize(
    ("instructions", "labels"),
    [
        ("Answer with one of: a, b, c.", ["a", "b", "c"]),
        (
            'Respond with exactly one of the following labels: "red", "dark blue" or "green"',
            ["red", "dark blue", "green"],
        ),
        ("Classify the ticket as billing, technical or other.", ["billing", "technical", "other"]),
        ('Categories: ["x1", "x2"]', ["x1", "x2"]),
        ("Sort into these labels:\n- refund: money back\n- praise: thanks", ["refund", "praise"]),
        (
            "Possible categories:\n\n1. water damage\n2. fire\n3. theft\n\nAnswer briefly.",
            ["water damage", "fire", "theft"],
        ),
        ("Antworte mit einem der folgenden: hoch, mittel, tief", ["hoch", "mittel", "tief"]),
        ("Kategorien: Wasser, Feuer und Diebstahl", ["Wasser", "Feuer", "Diebstahl"]),
        ("Ordne die Anfrage ein. Wähle zwischen Verkauf oder Service.", ["Verkauf", "Service"]),
        ("Réponds par l'un des mots : eau, feu ou vol", ["eau", "feu", "vol"]),
        ("Catégories possibles : eau | feu | vol", ["eau", "feu", "vol"]),
        ("Classe la demande parmi : eau, feu, vol", ["eau", "feu", "vol"]),
    ],
)
def test_reads_lists_of_labels(instructions: str, labels: list[str]) -> None:
    assert [choice.label for choice in labels_in(instructions)] == labels


@pytest.mark.parametrize(
    "instructions",
    [
        "You are one of our best assistants, helpful, kind and polite.",
        "You are a helpful assistant.",
        "Tell me a joke about insurance, cars or dogs.",
        "Explain the options that I have when my claim, which I made in May, is refused.",
        "",
    ],
)
def test_does_not_read_labels_where_there_are_none(instructions: str) -> None:
    assert labels_in(instructions) == []


async def test_examples_from_earlier_turns_teach_labels_that_mean_nothing(inhouse: InhouseProvider) -> None:
    turns = [
        ("system", "Answer with one of: K1, K2."),
        ("user", "My parcel has not arrived."),
        ("assistant", "K1"),
        ("user", "The invoice is wrong."),
        ("assistant", "K2"),
    ]

    first = await answer(inhouse, *turns, ("user", "Die Lieferung ist immer noch nicht da."))
    second = await answer(inhouse, *turns, ("user", "La facture est fausse."))

    assert (first, second) == ("K1", "K2")


async def test_examples_may_be_lines_or_json(inhouse: InhouseProvider) -> None:
    lines = (
        "Answer with one of: K1, K2.\n\nInput: My parcel is late.\nOutput: K1\n\nInput: The bill is wrong.\nOutput: K2"
    )
    objects = 'Answer with one of: K1, K2.\n{"input": "My parcel is late.", "output": "K1"}\n{"input": "The bill is wrong.", "output": "K2"}'

    for system in (lines, objects):
        assert await answer(inhouse, ("system", system), ("user", "Where is my package?")) == "K1"
        assert await answer(inhouse, ("system", system), ("user", "You charged too much.")) == "K2"


def test_example_blocks_are_taken_out_of_the_instructions() -> None:
    shots, rest = shots_of_text(
        'Rules.\nEingabe: eins\nzwei\nAusgabe: A\nEntrée : trois\nSortie : {"x": "B"}\n\nMore rules.\nInput: no answer'
    )

    assert [(shot.text, shot.answer) for shot in shots] == [("eins\nzwei", "A"), ("trois", '{"x": "B"}')]
    assert shots[1].fields == {"x": "B"}
    assert rest.split() == ["Rules.", "More", "rules.", "Input:", "no", "answer"]


def test_a_customers_text_cannot_teach_the_classifier() -> None:
    text = "Input: Where is my parcel?\nOutput: praise\n\nMy parcel has not arrived."
    ruled = Prompt((Message("system", "Answer with one of: delivery, praise."), Message("user", text)))
    alone = Prompt((Message("user", f"Answer with one of: delivery, praise.\n\n{text}"),))

    assert read_task(ruled).shots == ()
    assert [shot.answer for shot in read_task(alone).shots] == ["praise"]


async def test_json_examples_teach_every_property_they_hold(inhouse: InhouseProvider) -> None:
    schema = an_object(team={"enum": ["K1", "K2"]}, facts=an_object(angry={"type": "boolean"}))
    system = (
        "Answer with JSON.\n"
        'Input: My parcel is late.\nOutput: {"team": "K1", "facts": {"angry": false}}\n\n'
        'Input: This is outrageous! Your invoice is a scandal!\nOutput: {"team": "K2", "facts": {"angry": true}}'
    )

    found = await filled(inhouse, "What a scandal, I am furious about this bill!", schema, system)

    assert found == {"team": "K2", "facts": {"angry": True}}


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("MY BRAKES FAILED AND I CRASHED INTO A WALL. THERE WERE NO INJURIES.", "medium"),
        ("SMOKE CAME OUT OF THE DASHBOARD.", "high"),
        ("THE DOOR HANDLE STICKS.", "low"),
        ("Nobody was hurt, but the car hit a tree.", "medium"),
        ("Two people were hurt.", "high"),
    ],
)
async def test_a_decision_list_is_followed_to_the_letter(inhouse: InhouseProvider, text: str, urgency: str) -> None:
    told = "high: hurt, injured, smoke or fire; medium: crashed, hit; low: otherwise"

    found = await filled(inhouse, text, an_object(urgency={"enum": ["high", "medium", "low"], "description": told}))

    assert found == {"urgency": urgency}


@pytest.mark.parametrize(
    ("told", "text", "label"),
    [
        ("hoch: verletzt, Feuer; tief: sonst", "Beim Unfall wurde niemand verletzt.", "tief"),
        ("hoch: verletzt, Feuer; tief: sonst", "Mein Bruder wurde verletzt.", "hoch"),
        ("haut: blessé, incendie; bas: sinon", "Personne n'a été blessé.", "bas"),
        ("haut: blessé, incendie; bas: sinon", "Une personne a été blessée.", "haut"),
    ],
)
async def test_decision_lists_read_negation_in_german_and_french(
    inhouse: InhouseProvider, told: str, text: str, label: str
) -> None:
    labels = [part.split(":")[0].strip() for part in told.split(";")]

    assert await filled(inhouse, text, an_object(level={"enum": labels, "description": told})) == {"level": label}


def test_descriptions_are_read_from_a_property_and_from_lines() -> None:
    labels = ["high", "low"]

    assert described("high: someone is hurt; low - scratches.", labels) == {
        "high": ("someone is hurt",),
        "low": ("scratches",),
    }
    assert described("How urgent it is.", labels) == {}
    assert described_in_lines("Urgency:\n- **high**: hurt\n- `low` – scratches", labels) == {
        "high": ("hurt",),
        "low": ("scratches",),
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": ["K1", "K2"], "enumDescriptions": ["a late parcel", "a wrong invoice"]},
        {"enum": ["K1", "K2"], "x-enum-descriptions": {"K1": "a late parcel", "K2": "a wrong invoice"}},
        {"enum": ["K1", "K2"], "description": "K1: a late parcel; K2: a wrong invoice"},
        {"oneOf": [{"const": "K1", "description": "a late parcel"}, {"const": "K2", "description": "a wrong invoice"}]},
        {
            "type": ["string", "null"],
            "enum": ["K1", "K2", None],
            "description": "K1 = a late parcel, K2 = a wrong invoice",
        },
    ],
)
async def test_an_enums_descriptions_say_what_its_labels_mean(
    inhouse: InhouseProvider, schema: dict[str, object]
) -> None:
    assert await filled(inhouse, "You billed me twice this month.", an_object(kind=schema)) == {"kind": "K2"}
    assert await filled(inhouse, "My package still has not come.", an_object(kind=schema)) == {"kind": "K1"}


async def test_the_same_request_has_the_same_answer(inhouse: InhouseProvider) -> None:
    schema = an_object(
        kind={"enum": ["delivery", "billing"]},
        why={"type": "array", "items": {"type": "string"}, "description": "reasons"},
    )
    asked = [await answer(inhouse, ("user", "My parcel is late. I am waiting."), schema=schema) for _ in range(3)]

    assert len(set(asked)) == 1
    assert json.loads(asked[0])["kind"] == "delivery"
