"""HTTP: the edge, OpenAI's wire, our own API, health and metrics. The only package that knows ASGI."""
