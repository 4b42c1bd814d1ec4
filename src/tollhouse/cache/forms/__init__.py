"""One form per endpoint, by the name under which calls are recorded. An endpoint without one is not cached."""

from collections.abc import Mapping

from .chat import Chat
from .completions import Completions
from .form import Form
from .input_only import InputOnly
from .responses import Responses

FORMS: Mapping[str, Form] = {
    "chat.completions": Chat(),
    "responses": Responses(),
    "completions": Completions(),
    "embeddings": InputOnly(),
    "moderations": InputOnly(),
}
