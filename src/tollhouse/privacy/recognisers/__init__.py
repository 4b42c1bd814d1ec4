"""One kind of personal data per file. A new recogniser is a file and a row here."""

from collections.abc import Callable, Collection, Iterator, Mapping

from ..recogniser import Recogniser
from .person import PersonRecogniser
from .postcode import PostcodeRecogniser
from .street_address import StreetAddressRecogniser

RECOGNISERS: tuple[Callable[[], Recogniser], ...] = (PersonRecogniser, StreetAddressRecogniser, PostcodeRecogniser)
"""What every policy asks for."""

ON_REQUEST: Mapping[str, Callable[[], Recogniser]] = {}
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
