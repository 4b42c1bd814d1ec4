"""Which deployment next, and whether it has room: plan, breakers, budgets, keys, limits. Pure, but for `line.py`, which waits."""
