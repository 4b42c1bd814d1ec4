"""
`tollhouse demo`: the whole house in one process, on data that ships, for whoever wants to see it work first.

    command.py (options, signals) -> house.py (gateway, simulated provider, folder)
        -> triage.py and staged.py (the two acts) -> figures.py (the ledger's) -> report.py -> screen.py or JSON
"""

from .command import demo

__all__ = ["demo"]
