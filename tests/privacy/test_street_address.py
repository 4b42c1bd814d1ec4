"""What the recogniser of postal addresses must catch, and what it must leave alone."""

import time

import pytest

from tollhouse.privacy.reading import Reading
from tollhouse.privacy.recognisers.street_address import StreetAddressRecogniser
from tollhouse.privacy.spans import settle

ADDRESSES = StreetAddressRecogniser()

CAUGHT = [
    ("I live at 12 Main St, Springfield, IL 62704.", ["12 Main St, Springfield, IL 62704"]),
    ("I don't live at 221B Baker Street any more", ["221B Baker Street"]),
    ("Ship it to 7 Elm Grove Apt. 4 please", ["7 Elm Grove Apt. 4"]),
    ("send it to P.O. Box 242, not to my office", ["P.O. Box 242"]),
    ("my new address is PSC 6293, Box 8158\nAPO AP 04336", ["PSC 6293, Box 8158\nAPO AP 04336"]),
    ("sent to USS Lorenzen\nFPO AE 25990", ["USS Lorenzen\nFPO AE 25990"]),
    ("Der Unfall war vor der Hauptstraße 12a, 8400 Winterthur.", ["Hauptstraße 12a, 8400 Winterthur"]),
    ("the corner of Pachergasse 64 and Union Square", ["the corner of Pachergasse 64 and Union Square"]),
    ("He lives at 25 Pavlou Drandaki.", ["25 Pavlou Drandaki"]),
    ("Er wohnt nicht in der Bahnhofstr. 5", ["Bahnhofstr. 5"]),
    ("Postfach 1234, 8021 Zürich", ["Postfach 1234, 8021 Zürich"]),
    ("Meine Anschrift: Lange Gasse 7/3, 1080 Wien", ["Lange Gasse 7/3, 1080 Wien"]),
    ("J'habite au 12 rue de la Paix, 75002 Paris.", ["12 rue de la Paix, 75002 Paris"]),
    ("Elle n'habite plus 3 bis, avenue Victor Hugo", ["3 bis, avenue Victor Hugo"]),
    ("domicilié chemin des Lilas 4, 1003 Lausanne", ["chemin des Lilas 4, 1003 Lausanne"]),
    ("Via Roma 5, 20121 Milano", ["Via Roma 5, 20121 Milano"]),
    ("Calle Mayor 3", ["Calle Mayor 3"]),
    ("Avda. Rio Nalon 58", ["Avda. Rio Nalon 58"]),
    ("ul. Polna 4, 00-625 Warszawa", ["ul. Polna 4, 00-625 Warszawa"]),
    ("Nybrogatan 12", ["Nybrogatan 12"]),
    ("Kerkstraat 5, 1017 GA Amsterdam", ["Kerkstraat 5, 1017 GA Amsterdam"]),
    ("Rákóczi út 66. Apt. 268, Beder", ["Rákóczi út 66. Apt. 268, Beder"]),
    ("Laukaantie 80", ["Laukaantie 80"]),
    (
        "Søndergade 52\n Apt. 656\n Brønderslev\n\n Denmark 35018",
        ["Søndergade 52\n Apt. 656\n Brønderslev\n\n Denmark 35018"],
    ),
    ("his house at 99 seneca place is not insured", ["99 seneca place"]),
    ("ich wohne in der bahnhofstrasse 12", ["bahnhofstrasse 12"]),
    ("1234 Oak Street, Springfield, Illinois 62704 is mine", ["1234 Oak Street, Springfield, Illinois 62704"]),
    ("Flat 3, 7 Elm Grove, London, SW1A 1AA", ["Flat 3, 7 Elm Grove, London, SW1A 1AA"]),
    ("5 Kent St\nBrisbane, Queensland 4000\nAustralia", ["5 Kent St\nBrisbane, Queensland 4000\nAustralia"]),
    ("24 Merrion Square\nDublin 2\nD02 AF30", ["24 Merrion Square\nDublin 2\nD02 AF30"]),
    ("Rua Augusta 100, 3º Esq, 1100-053 Lisboa", ["Rua Augusta 100, 3º Esq, 1100-053 Lisboa"]),
    ("12 MG Road, Bengaluru, Karnataka 560 001, India", ["12 MG Road, Bengaluru, Karnataka 560 001, India"]),
    ("Am Markt 1, D-99084 Erfurt", ["Am Markt 1, D-99084 Erfurt"]),
    ("HAUPTSTRASSE 12, 8400 WINTERTHUR", ["HAUPTSTRASSE 12, 8400 WINTERTHUR"]),
]

LEFT_ALONE = [
    "The contract of 12 January 2024 has 5 pages.",
    "Am Montag 12 Stunden, im Mai 5 Tage.",
    "Under Section 12 of Article 5 the Court of Appeal held in 2019.",
    "Our office in Zurich has 25 people on 3 floors.",
    "In 2014 Wall Street fell.",
    "Please charge 120 Swiss Francs and 35 Euro.",
    "the 2006 FORD ESCAPE with 45,000 miles",
    "Call 044 123 45 67 on Monday 12 May.",
    "Beschluss vom 10. Juli 2014 - II ZR 91/11, BGHR StGB § 5",
    "Der Arbeitsplatz 3 und der Parkplatz 12 sind frei.",
    "Im Jahr 2014 wurden 12 Monate Garantie vereinbart.",
    "Nach Art. 8 Abs. 1 Satz 2 gilt das nicht.",
    "Le 12 janvier, 3 avocats ont plaidé l'article 5.",
    "Il y a 14 jours que la facture 1234 est payée.",
    "There is no street name and no number here.",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in settle(ADDRESSES.find(Reading(text)))]


@pytest.mark.parametrize(("text", "addresses"), CAUGHT)
def test_addresses_are_found_whole(text: str, addresses: list[str]) -> None:
    assert found(text) == addresses


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_no_address_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "unit", ["1 ", "12 Main ", "A 1 ", "Via ", "1, Rue ", "A. 1, ", "9\n", "Box 1 ", "1 Aa Aa St\nAa, "]
)
def test_time_grows_with_the_length_of_the_text_only(unit: str) -> None:
    short, long = unit * (4_000 // len(unit)), unit * (32_000 // len(unit))

    took_short, took_long = (min(took(text) for _ in range(3)) for text in (short, long))

    assert took_long < 8 * took_short * 4 + 0.05  # eight times as long; quadratic would be sixty-four


def took(text: str) -> float:
    began = time.process_time()
    list(ADDRESSES.find(Reading(text)))
    return time.process_time() - began
