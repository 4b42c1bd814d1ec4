"""The first room: who calls, for which use case, with which model, how fast. Nothing is spent here."""
