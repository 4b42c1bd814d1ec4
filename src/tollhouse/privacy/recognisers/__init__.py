"""One kind of personal data per file. A new recogniser is a file and a row here."""

from collections.abc import Callable, Collection, Iterator, Mapping

from ..recogniser import Recogniser
from .age import AgeRecogniser
from .ahv import AhvRecogniser
from .bic import BicRecogniser
from .birth_date import BirthDateRecogniser
from .card import CardRecogniser
from .credential_url import CredentialUrlRecogniser
from .date import DateRecogniser
from .email_address import EmailRecogniser
from .iban import IbanRecogniser
from .identity_document import IdentityDocumentRecogniser
from .idnr import IdNrRecogniser
from .ip_address import IpAddressRecogniser
from .licence_plate import LicencePlateRecogniser
from .national_id import NationalIdRecogniser
from .nino import NinoRecogniser
from .nir import NirRecogniser
from .person import PersonRecogniser
from .phone import PhoneRecogniser
from .postcode import PostcodeRecogniser
from .secret import SecretRecogniser
from .ssn import SsnRecogniser
from .street_address import StreetAddressRecogniser
from .vat import VatRecogniser

RECOGNISERS: tuple[Callable[[], Recogniser], ...] = (
    EmailRecogniser,
    CredentialUrlRecogniser,
    SecretRecogniser,
    IbanRecogniser,
    CardRecogniser,
    BicRecogniser,
    IpAddressRecogniser,
    AhvRecogniser,
    NirRecogniser,
    IdNrRecogniser,
    NinoRecogniser,
    SsnRecogniser,
    VatRecogniser,
    NationalIdRecogniser,
    IdentityDocumentRecogniser,
    BirthDateRecogniser,
    LicencePlateRecogniser,
    PhoneRecogniser,
    StreetAddressRecogniser,
    PostcodeRecogniser,
    PersonRecogniser,
)
"""What every policy asks for."""

ON_REQUEST: Mapping[str, Callable[[], Recogniser]] = {
    "DATE": DateRecogniser,
    "AGE": AgeRecogniser,
}
"""What a policy asks for by its type, with `also`."""


def load() -> tuple[Recogniser, ...]:
    """Make the recognisers of every policy; one set serves all detectors."""
    return tuple(make() for make in RECOGNISERS)


def on_request(types: Collection[str]) -> Iterator[Recogniser]:
    """Make the recognisers of these types. Raises ValueError for a type that is not offered."""
    for kind in sorted(set(types)):
        if kind not in ON_REQUEST:
            raise ValueError(f"no recogniser finds {kind} on request; there are: {', '.join(sorted(ON_REQUEST))}")
        yield ON_REQUEST[kind]()
