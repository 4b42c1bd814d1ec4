"""Mode 3: fields found by pattern, type and cue words, in three languages; what is not there is not invented."""

from collections.abc import Mapping

import pytest

from asking import an_object, answer, filled
from tollhouse.domain.errors import InhouseCannot
from tollhouse.providers.inhouse.provider import InhouseProvider
from tollhouse.providers.inhouse.references import is_iban

TEXT: Mapping[str, object] = {"type": ["string", "null"]}
DATE: Mapping[str, object] = {"type": ["string", "null"], "format": "date"}
NUMBER: Mapping[str, object] = {"type": ["number", "null"]}
WHOLE: Mapping[str, object] = {"type": ["integer", "null"]}
FLAG: Mapping[str, object] = {"type": ["boolean", "null"]}

INVOICE = an_object(
    invoice_number=TEXT,
    invoice_date=DATE,
    due_date=DATE,
    total=NUMBER,
    currency={"enum": ["EUR", "CHF", "USD"]},
    email=TEXT,
    phone=TEXT,
    iban=TEXT,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Rechnung Nr. RE-2026-0815 vom 3. Mai 2026. Zahlbar bis 02.06.2026. Gesamtbetrag CHF 1'234.50. Bitte überweisen an "
            "CH93 0076 2011 6238 5295 7. Fragen: buchhaltung@firma.ch, Tel. +41 44 123 45 67.",
            (
                "RE-2026-0815",
                "2026-05-03",
                "2026-06-02",
                1234.5,
                "CHF",
                "buchhaltung@firma.ch",
                "+41 44 123 45 67",
                "CH9300762011623852957",
            ),
        ),
        (
            "Facture n° F2026-17 du 3 mai 2026. Échéance : 2 juin 2026. Total TTC 1 234,50 €. IBAN FR14 2004 1010 0505 0001 3M02 606. "
            "Contact : compta@exemple.fr, tél. 01 23 45 67 89.",
            (
                "F2026-17",
                "2026-05-03",
                "2026-06-02",
                1234.5,
                "EUR",
                "compta@exemple.fr",
                "01 23 45 67 89",
                "FR1420041010050500013M02606",
            ),
        ),
        (
            "Invoice no. INV-77 dated May 3, 2026, due June 2nd, 2026. Total: $1,234.50. Call (415) 555-0100.",
            ("INV-77", "2026-05-03", "2026-06-02", 1234.5, "USD", None, "(415) 555-0100", None),
        ),
    ],
)
async def test_reads_an_invoice(inhouse: InhouseProvider, text: str, expected: tuple[object, ...]) -> None:
    found = await filled(inhouse, text, INVOICE)

    assert tuple(found.values()) == expected


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("It happened on 2026-05-03.", "2026-05-03"),
        ("It happened on July 19, 2009, at noon.", "2009-07-19"),
        ("It happened on the 19th of July 2009.", "2009-07-19"),
        ("IT HAPPENED ON 11-30-2016 WITH CLEAR WEATHER", "2016-11-30"),
        ("Es geschah am 3.5.2026 um acht.", "2026-05-03"),
        ("Es geschah am 1. März 2026.", "2026-03-01"),
        ("Cela s'est passé le 1er août 2026.", "2026-08-01"),
        ("L'accident est arrivé le 03/04/2026 à Genève.", "2026-04-03"),
        ("It happened on 03/04/2026.", None),
        ("It happened in May.", None),
        ("It happened on 31.02.2026.", None),
        ("It happened on 1 May 2026 and again on 2 May 2026.", None),
        ("The invoice is due on 1 May 2026.", None),
    ],
)
async def test_dates_become_iso_or_stay_unknown(inhouse: InhouseProvider, text: str, date: str | None) -> None:
    assert await filled(inhouse, text, an_object(incident_date=DATE)) == {"incident_date": date}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("policy_number", "My policy no. is AB-123456/7, please help.", "AB-123456/7"),
        ("policy_number", "Police Nr. 55.123.456 betreffend", "55.123.456"),
        ("claim_number", "Schadennummer: S-2026-99", "S-2026-99"),
        ("claim_number", "Sinistre numéro 2026-4711.", "2026-4711"),
        ("claim_number", "My policy no. is AB-123456.", None),
        ("order_id", "Bestellnummer 4711-22 fehlt", "4711-22"),
        ("customer_number", "Kundennummer: 998877", "998877"),
        ("vin", "VIN 1HGCM82633A004352 of the car", "1HGCM82633A004352"),
        ("vin", "THE VIN WAS UNAVAILABLE.", None),
        ("license_plate", "License plate: ZH 123456.", "ZH 123456"),
        ("kennzeichen", "Das Kennzeichen lautet M-AB 1234.", "M-AB 1234"),
        ("plaque", "Immatriculation : AB-123-CD", "AB-123-CD"),
        ("license_plate", "We drove on the A1 for 20 km.", None),
        ("iban", "Konto CH93 0076 2011 6238 5295 8", None),
        ("website", "See https://example.org/a?b=1.", "https://example.org/a?b=1"),
        ("email", "Write to a.b+c@mail.example.org!", "a.b+c@mail.example.org"),
        ("email", "Write to a@example.org or b@example.org.", None),
        ("make", "Make: Ford\nModel: Focus", "Ford"),
        ("make", "I drive a Ford.", None),
        ("phone", "Order 4711 weighs 20 kg.", None),
    ],
)
async def test_finds_texts_near_their_cues(inhouse: InhouseProvider, name: str, text: str, value: str | None) -> None:
    assert await filled(inhouse, text, an_object(**{name: TEXT})) == {name: value}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("mileage", "THE APPROXIMATE FAILURE MILEAGE WAS 39,300.", 39_300),
        ("mileage", "WITH ONLY 41,000 MILES ON VEHICLE", 41_000),
        ("mileage", "I drive 60 miles to work.", None),
        ("failure_mileage", "THE CURRENT MILEAGE WAS 80,000 AND FAILURE MILEAGE WAS 78,500.", 78_500),
        ("kilometerstand", "Kilometerstand 123'400 km", 123_400),
        ("kilometrage", "Kilométrage : 98 000 km", 98_000),
        ("speed", "I was driving 70 MPH.", 70),
        ("geschwindigkeit", "Ich fuhr mit 120 km/h.", 120),
        ("model_year", "THE CONTACT OWNS A 2011 FORD F-150, BOUGHT IN 2015.", 2011),
        ("model_year", "It happened in November 2016.", None),
        ("jahr", "Gebaut wurde das Haus 1987.", 1987),
        ("injured_count", "Two people were injured.", 2),
        ("number_of_injured", "There were no injuries.", 0),
        ("anzahl_fahrzeuge", "Drei Fahrzeuge waren beteiligt.", 3),
        ("age", "My daughter is 23 years old.", 23),
        ("age", "Mein Vater ist 70 Jahre alt.", 70),
    ],
)
async def test_finds_numbers_with_their_units(
    inhouse: InhouseProvider, name: str, text: str, value: int | None
) -> None:
    assert await filled(inhouse, text, an_object(**{name: WHOLE})) == {name: value}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("amount", "The repair costs $5300.00.", 5300),
        ("amount", "Der Schaden beträgt 1.250,50 EUR.", 1250.5),
        ("amount", "La réparation coûte 1 250 francs.", 1250),
        ("amount", "One costs $10, the other $20.", None),
        ("total_amount", "Parts $10, labour $20, total $30.", 30),
        ("deductible", "Die Rechnung beträgt CHF 900, der Selbstbehalt CHF 200.", 200),
        ("tax_rate", "zuzüglich 8,1 % MwSt.", 8.1),
    ],
)
async def test_finds_amounts(inhouse: InhouseProvider, name: str, text: str, value: float | None) -> None:
    assert await filled(inhouse, text, an_object(**{name: NUMBER})) == {name: value}


@pytest.mark.parametrize(
    ("name", "description", "text", "value"),
    [
        ("injured", "", "THERE WERE NO INJURIES.", False),
        ("injured", "", "She was injured.", True),
        ("injured", "", "The door sticks.", None),
        ("injured", "true if somebody was hurt or injured, false otherwise", "The door sticks.", False),
        ("police_report", "", "A POLICE REPORT WAS NOT FILED.", False),
        ("verletzt", "", "Niemand wurde verletzt.", False),
        ("verletzt", "wahr, wenn jemand verletzt wurde, sonst falsch", "Die Tür klemmt.", False),
        ("blesse", "", "Mon frère a été blessé.", True),
        (
            "paid",
            "true: the customer has paid the invoice; false: the invoice is still open",
            "I have already paid yesterday.",
            True,
        ),
    ],
)
async def test_flags_are_affirmed_denied_or_unknown(
    inhouse: InhouseProvider, name: str, description: str, text: str, value: bool | None
) -> None:
    schema = an_object(**{name: {**FLAG, "description": description}})

    assert await filled(inhouse, text, schema) == {name: value}


async def test_a_pattern_finds_the_one_word_that_fits(inhouse: InhouseProvider) -> None:
    schema = an_object(token={"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"})

    assert await filled(inhouse, "Please look at (QX-1234), not at Q-1.", schema) == {"token": "QX-1234"}
    with pytest.raises(InhouseCannot, match="`token`"):
        await filled(inhouse, "Either QX-1234 or QX-1235.", schema)


async def test_a_found_value_must_satisfy_the_schema(inhouse: InhouseProvider) -> None:
    schema = an_object(mileage={"type": ["integer", "null"], "maximum": 30_000})

    assert await filled(inhouse, "The mileage was 39,300.", schema) == {"mileage": None}


async def test_what_is_missing_is_null_or_left_out_or_refused(inhouse: InhouseProvider) -> None:
    optional = {"type": "object", "properties": {"vin": {"type": "string"}}}

    assert await filled(inhouse, "My car broke down.", optional) == {}
    assert await filled(inhouse, "My car broke down.", an_object(vin=TEXT)) == {"vin": None}
    with pytest.raises(InhouseCannot, match=r"`car\.vin`"):
        await filled(inhouse, "My car broke down.", an_object(car=an_object(vin={"type": "string"})))


async def test_lists_hold_every_value_of_a_kind(inhouse: InhouseProvider) -> None:
    schema = an_object(
        emails={"type": "array", "items": {"type": "string", "format": "email"}},
        dates={"type": "array", "items": {"type": "string", "format": "date"}},
    )

    found = await filled(inhouse, "Write to a@example.org or b@example.org by 1 May 2026.", schema)

    assert found == {"emails": ["a@example.org", "b@example.org"], "dates": ["2026-05-01"]}
    assert await filled(inhouse, "Nothing here.", schema) == {"emails": [], "dates": []}


async def test_reasons_are_the_sentences_that_a_decision_rests_on(inhouse: InhouseProvider) -> None:
    schema = an_object(
        reasons={"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1},
        urgency={"enum": ["high", "low"], "description": "high: smoke, fire; low: otherwise"},
    )
    text = "I OWN A 2011 FORD. WHILE DRIVING, SMOKE CAME FROM THE DASHBOARD. THE DEALER WAS CALLED."

    found = await filled(inhouse, text, schema)

    assert found == {"reasons": ["WHILE DRIVING, SMOKE CAME FROM THE DASHBOARD."], "urgency": "high"}


@pytest.mark.parametrize("compact", ["DE89370400440532013000", "GB82WEST12345698765432", "CH9300762011623852957"])
def test_account_numbers_are_checked(compact: str) -> None:
    assert is_iban(compact)
    assert not is_iban(compact[:-1] + str((int(compact[-1]) + 1) % 10))


async def test_a_whole_report_is_filled_in_one_go(inhouse: InhouseProvider) -> None:
    schema = an_object(
        summary={"type": "string", "description": "What happened, in at most two sentences."},
        category={"enum": ["brakes", "airbag", "engine"]},
        urgency={
            "enum": ["high", "medium", "low"],
            "description": "high: injured, fire; medium: crashed; low: otherwise",
        },
        reasons={"type": "array", "items": {"type": "string"}, "minItems": 1},
        facts=an_object(
            crash={**FLAG, "description": "crash, crashed, accident"},
            injured=FLAG,
            mileage=WHOLE,
            model_year=WHOLE,
            incident_date=DATE,
        ),
        needs_human={"type": "boolean", "description": "true: injured, fire, crashed; false: otherwise"},
        source={"const": "text"},
    )
    text = (
        "TL* THE CONTACT OWNS A 2014 JEEP WRANGLER. WHILE AT A STOP LIGHT, THE BRAKE PEDAL WAS DEPRESSED AND THE VEHICLE JERKED FORWARD. "
        "AS A RESULT, THE CONTACT'S VEHICLE CRASHED INTO THE REAR OF ANOTHER VEHICLE. THERE WERE NO INJURIES. THE FAILURE MILEAGE WAS APPROXIMATELY 20,000."
    )

    found = await filled(inhouse, text, schema)

    assert found["category"] == "brakes"
    assert found["urgency"] == "medium"
    assert found["facts"] == {
        "crash": True,
        "injured": False,
        "mileage": 20_000,
        "model_year": 2014,
        "incident_date": None,
    }
    assert found["needs_human"] is True
    assert found["reasons"] == ["AS A RESULT, THE CONTACT'S VEHICLE CRASHED INTO THE REAR OF ANOTHER VEHICLE."]
    assert str(found["summary"]).startswith("TL* THE CONTACT OWNS")


async def test_an_answer_longer_than_the_limit_is_refused_not_cut(inhouse: InhouseProvider) -> None:
    schema = an_object(email=TEXT)

    with pytest.raises(InhouseCannot, match="allows 2"):
        await answer(inhouse, ("user", "a@example.org"), schema=schema, max_tokens=2)
