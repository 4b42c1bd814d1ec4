"""One adapter per endpoint that costs tokens: where its prompt, answer, limit and usage are."""

from collections.abc import Mapping

from tollhouse.ports.endpoint import Endpoint

from .chat import Chat
from .completions import Completions
from .embeddings import Embeddings
from .moderations import Moderations
from .responses import Responses

ENDPOINTS: Mapping[str, Endpoint] = {
    "/v1/chat/completions": Chat(),
    "/v1/responses": Responses(),
    "/v1/completions": Completions(),
    "/v1/embeddings": Embeddings(),
    "/v1/moderations": Moderations(),
}
