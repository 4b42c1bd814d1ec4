"""Mode 4: the operator's own texts, chosen by meaning and filled from the text."""

import json

import pytest

from asking import answer
from tollhouse.domain.errors import InhouseCannot
from tollhouse.providers.inhouse.provider import InhouseProvider
from tollhouse.providers.inhouse.templates import templates_in

ENGLISH = """Answer with one of our texts.

Templates:
- refund [the customer wants money back]: We have received your request for a refund of {{amount}}.
- delay [a parcel is late]: Your parcel {{tracking_number}} is late.
   We are sorry.
- hours [when the shop is open]: We are open from 9 to 17.

Be polite."""
GERMAN = """Vorlagen:
- rueckerstattung [der Kunde will sein Geld zurück]: Wir haben Ihre Anfrage über {{betrag}} erhalten.
- verspaetung [ein Paket kommt zu spät]: Ihr Paket {{sendungsnummer}} ist verspätet."""
FRENCH = """Modèles :
- remboursement [le client veut son argent]: Nous avons reçu votre demande de {{montant}}.
- retard [un colis est en retard]: Votre colis est en retard."""


@pytest.mark.parametrize(
    ("system", "text", "expected"),
    [
        (ENGLISH, "I want my money back, $25.00.", "We have received your request for a refund of $25.00."),
        (ENGLISH, "Where is my parcel? Tracking number AB12345678.", "Your parcel AB12345678 is late.\nWe are sorry."),
        (ENGLISH, "When do you close today?", "We are open from 9 to 17."),
        (GERMAN, "Mein Paket ist nicht da! Sendungsnummer 99887766", "Ihr Paket 99887766 ist verspätet."),
        (GERMAN, "Ich will mein Geld zurück, 45 Franken!", "Wir haben Ihre Anfrage über 45 Franken erhalten."),
        (FRENCH, "Je veux être remboursé de 30 €.", "Nous avons reçu votre demande de 30 €."),
        (FRENCH, "Mon colis n'est toujours pas arrivé.", "Votre colis est en retard."),
    ],
)
async def test_chooses_a_template_and_fills_it(inhouse: InhouseProvider, system: str, text: str, expected: str) -> None:
    assert await answer(inhouse, ("system", system), ("user", text)) == expected


async def test_a_value_that_is_not_in_the_text_is_never_filled_in(inhouse: InhouseProvider) -> None:
    with pytest.raises(InhouseCannot, match="`tracking_number`"):
        await answer(inhouse, ("system", ENGLISH), ("user", "Where is my parcel?"))


async def test_a_text_that_no_template_answers_is_refused(inhouse: InhouseProvider) -> None:
    with pytest.raises(InhouseCannot, match="no template"):
        await answer(inhouse, ("system", ENGLISH), ("user", "How high is Mount Everest?"))


async def test_two_templates_that_fit_alike_are_a_persons_choice(inhouse: InhouseProvider) -> None:
    system = "Templates:\n- a [a parcel is late]: One.\n- b [a parcel is late]: Two."

    with pytest.raises(InhouseCannot, match="equally well"):
        await answer(inhouse, ("system", system), ("user", "My parcel is late."))


async def test_a_json_object_comes_from_a_template_or_not_at_all(inhouse: InhouseProvider) -> None:
    form = {"response_format": {"type": "json_object"}}
    system = 'Answer with JSON.\nTemplates:\n- late [a parcel is late]: {"reply": "Sorry about {{tracking_number}}"}'
    text = "My parcel is late, tracking number 4711-22."

    written = await answer(inhouse, ("system", system), ("user", text), **form)

    assert json.loads(written) == {"reply": "Sorry about 4711-22"}
    with pytest.raises(InhouseCannot, match="JSON"):
        await answer(inhouse, ("system", "Answer with JSON."), ("user", text), **form)
    with pytest.raises(InhouseCannot, match="not a JSON object"):
        await answer(inhouse, ("system", "JSON.\nTemplates:\n- late [late parcel]: Sorry"), ("user", text), **form)


def test_a_block_ends_at_a_blank_line() -> None:
    templates = templates_in(ENGLISH)

    assert [template.name for template in templates] == ["refund", "delay", "hours"]
    assert templates[1].text == "Your parcel {{tracking_number}} is late.\nWe are sorry."
    assert templates_in("No block here.\n- a: b") == []
