"""Which deployment next: the order of a call's attempts, and how long to wait between them. Pure, but for one counter."""
