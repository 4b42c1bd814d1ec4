"""An answer to `POST /v1/embeddings` or `/v1/moderations`: never streamed, and given again byte for byte."""

import msgspec

from .form import Folding, Said, Unkept, decoded


class _Body(msgspec.Struct):
    data: list[msgspec.Raw] | None = None
    results: list[msgspec.Raw] | None = None


_BODY = msgspec.json.Decoder(_Body)


class InputOnly:
    """See `form.Form`."""

    framing = frozenset({"model", "user"})

    def folding(self) -> Folding:
        raise Unkept("this endpoint is never streamed")

    def read(self, whole: bytes) -> Said:
        body = decoded(_BODY, whole)
        if not (body.data or body.results):
            raise Unkept("the answer is empty")
        return Said()

    def again(self, whole: bytes, suffix: str) -> bytes:
        return whole

    def stream(self, whole: bytes, suffix: str, *, usage_asked: bool) -> list[bytes]:
        raise ValueError("this endpoint is never streamed")
