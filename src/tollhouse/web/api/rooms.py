"""What the handlers of `/api/v1` work with, handed in by bootstrap."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tollhouse.admission.admission import Admission, Principal
from tollhouse.domain.rates import RateState
from tollhouse.governance.answers import AnswerDesk
from tollhouse.governance.desk import Desk
from tollhouse.governance.keys import KeyDesk
from tollhouse.governance.register import Register
from tollhouse.governance.tokens import Badges, TokenDesk
from tollhouse.ports.budget_warnings import BudgetWarnings
from tollhouse.ports.changes import Changes
from tollhouse.ports.clock import Clock
from tollhouse.ports.history import History
from tollhouse.ports.ledger import Ledger
from tollhouse.ports.usage import UsageQueries
from tollhouse.privacy.privacy import Privacy

Rates = Callable[[Principal, str], Mapping[str, RateState]]
"""What is left of the rates of a principal's calls for a use case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """`register.governance` is read afresh for every request: it changes while the server runs."""

    register: Register
    desk: Desk
    keys: KeyDesk
    tokens: TokenDesk
    answers: AnswerDesk
    badges: Badges
    admission: Admission
    ledger: Ledger
    usage: UsageQueries
    history: History
    warnings: BudgetWarnings
    changes: Changes
    rates: Rates
    clock: Clock
    privacy: Privacy
