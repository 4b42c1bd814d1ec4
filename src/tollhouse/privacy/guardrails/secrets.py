"""Keys, tokens and passwords, in questions and in answers, as masking's recognisers know them."""

from collections.abc import Iterator

from ..reading import Reading
from ..recognisers.credential_url import CredentialUrlRecogniser
from ..recognisers.secret import SecretRecogniser
from .verdict import NO_QUESTION, Hit, Question


class Secrets:
    """Names what it found: `api_key`, `password`, `credential_url`. One that the question holds is a secret in the answer too."""

    reads_pieces = True
    is_slow = False

    def __init__(self) -> None:
        self._recognisers = (SecretRecogniser(), CredentialUrlRecogniser())

    def hits(self, text: str, question: Question = NO_QUESTION) -> Iterator[Hit]:
        reading = Reading(text)
        for recogniser in self._recognisers:
            for span in recogniser.find(reading):
                yield Hit(span.type.lower(), span.start, span.end)
