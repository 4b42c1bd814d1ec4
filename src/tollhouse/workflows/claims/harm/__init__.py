"""Does a claim tell of a person hit, hurt, burnt or killed, or of a fire? Read clause by clause, in three languages."""

from .reading import Finding, findings
from .words import Harm

__all__ = ["Finding", "Harm", "findings"]
