"""The guardrails of all use cases, made when a use case's first call needs them."""

from collections import OrderedDict
from collections.abc import Callable

from tollhouse.domain.guardrails import GuardrailRules
from tollhouse.domain.privacy import PrivacyRules
from tollhouse.ports.embedder import Embedder
from tollhouse.ports.schema import SchemaChecker

from ..detector import Detector
from . import Kit
from .guards import Guards

GUARDS_MAX = 1_000
"""Sets of guardrails kept; use cases that say the same share one."""


class GuardRoom:
    """The room, wired once."""

    def __init__(
        self,
        detector: Callable[[PrivacyRules], Detector],
        checker: SchemaChecker,
        open_embedder: Callable[[], Embedder],
    ) -> None:
        """`detector`: what looks for personal data under a use case's rules."""
        self._detector = detector
        self._checker = checker
        self._open_embedder = open_embedder
        self._guards: OrderedDict[tuple[GuardrailRules, PrivacyRules], Guards] = OrderedDict()

    def of(self, rules: GuardrailRules, privacy: PrivacyRules) -> Guards:
        place = (rules, privacy)
        known = self._guards.get(place)
        if known is None:
            kit = Kit(self._detector(privacy).find, self._checker, self._open_embedder)
            known = self._guards[place] = Guards(rules, kit)
            if len(self._guards) > GUARDS_MAX:
                self._guards.popitem(last=False)
        return known
