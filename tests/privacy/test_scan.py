import json

from privacy_words import PEOPLE
from tollhouse.privacy.detector import Detector
from tollhouse.privacy.masking import Masking
from tollhouse.privacy.scan import scan, scan_between_others
from tollhouse.privacy.spans import Span

DETECTOR = Detector((PEOPLE,))


def test_a_scan_says_where_and_shows_what_leaves() -> None:
    found = scan("To Anna Meier, a.m@x.ch", DETECTOR, Masking())

    assert found.spans == [Span(3, 13, "PERSON", 0.6), Span(15, 23, "EMAIL_ADDRESS", 1.0)]
    assert found.masked == "To <PERSON_1>, <EMAIL_ADDRESS_1>"


def test_a_line_of_json_is_read_as_it_reads() -> None:
    line = json.dumps({"name": "Jörg Müller"})

    found = scan(line, DETECTOR, Masking())

    assert [line[span.start : span.end] for span in found.spans] == ["J\\u00f6rg M\\u00fcller"]
    assert json.loads(found.masked) == {"name": "<PERSON_1>"}


async def test_it_finds_the_same_while_others_run() -> None:
    text = "To Anna Meier " * 1_000

    assert await scan_between_others(text, DETECTOR, Masking()) == scan(text, DETECTOR, Masking())
