"""OpenAI's wire under `/v1`: raw ASGI, no framework."""
