"""Frozen values, pure functions and the error tree. Standard library only; no clock, no I/O."""
