"""`/api`: our own API over the ledger, its description and its page. On Starlette; nothing here is on the hot path."""
