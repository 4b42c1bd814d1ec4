"""The read side: what the ledger's past says. It changes nothing."""
