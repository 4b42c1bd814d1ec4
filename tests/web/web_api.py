"""Our own API over a ledger of listed calls, with nothing governed: for tests of what it shows of calls and usage."""

from tollhouse.admission.admission import Admission
from tollhouse.cache.shelf import Shelf
from tollhouse.domain.governance import Governance
from tollhouse.domain.providers import Secret
from tollhouse.governance.answers import AnswerDesk
from tollhouse.governance.desk import Desk
from tollhouse.governance.keys import KeyDesk
from tollhouse.governance.register import Composed, Register
from tollhouse.governance.tokens import Badges, TokenDesk
from tollhouse.ports.usage import UsageQueries
from tollhouse.privacy.privacy import Privacy
from tollhouse.privacy.recognisers import load
from tollhouse.stores.memory import memory_stores
from tollhouse.testing.clock import FakeClock
from tollhouse.web.api.app import Api
from tollhouse.web.api.rooms import Rooms
from tollhouse.web.replay import ReplayDesk

NOTHING = Governance(
    organisation="Example AG", time_zone="UTC", organisation_budget=None, teams={}, use_cases={}, routes={}
)


def a_listed_api(usage: UsageQueries, *, admin_token: str | None) -> Api:
    stores, clock = memory_stores(), FakeClock()
    register = Register(
        compose=lambda objects: Composed(NOTHING),
        objects=stores.objects,
        keys=stores.keys,
        tokens=stores.tokens,
        changes=stores.changes,
    )
    admission = Admission(NOTHING, clock)
    rooms = Rooms(
        register=register,
        desk=Desk(register, stores.objects, lambda objects: [], clock),
        keys=KeyDesk(register, stores.keys, clock),
        tokens=TokenDesk(register, stores.tokens, clock),
        answers=AnswerDesk(register, Shelf(stores.cache, stores.cache_epochs, None, clock).purge, clock),
        badges=Badges(register, Secret(admin_token) if admin_token else None),
        admission=admission,
        ledger=stores.ledger,
        usage=usage,
        history=stores.history,
        warnings=stores.budget_warnings,
        changes=stores.changes,
        rates=admission.rate_states,
        clock=clock,
        privacy=Privacy(load),
    )
    return Api(rooms, ReplayDesk(stores.replays, None, clock))
