"""Session tokens: a back end exchanges its key for what its pages may hold. Nothing of one is stored."""

from typing import Annotated

from pydantic import Field

from tollhouse.admission.sessions import (
    DEFAULT_LIFE_S,
    MAX_LIFE_S,
    MAX_ORIGINS,
    MAX_SUBJECT_CHARS,
    MAX_TEXT_CHARS,
    SessionWish,
)
from tollhouse.domain.errors import InvalidRequest, NotPermitted
from tollhouse.domain.money import nano_from_usd
from tollhouse.governance.documents import read_rate
from tollhouse.web.moments import rfc3339

from .body import Body
from .entry import Answer, Asked
from .rooms import Rooms
from .schemas import OURS

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARS)]
Origins = Annotated[
    list[Text],
    Field(min_length=1, max_length=MAX_ORIGINS, description="Of the use case's `origins`, letter for letter."),
]
Subject = Annotated[
    str | None,
    Field(min_length=1, max_length=MAX_SUBJECT_CHARS, description="The person that the page's calls are about."),
]
Life = Annotated[int, Field(ge=1, le=MAX_LIFE_S)]
Rate = Annotated[object, Field(json_schema_extra={OURS: "Rate"})]
Usd = Annotated[str | None, Field(description="All that the session may spend, as a decimal string.")]


class NewSession(Body):
    """What a page's session may do. The limits of key, use case, team and organisation hold as well."""

    use_case: Text
    origins: Origins
    subject: Subject = None
    expires_in_s: Life = DEFAULT_LIFE_S
    rate: Rate = None
    budget_usd: Usd = None


async def create_session_token(rooms: Rooms, asked: Asked) -> Answer:
    """A page that could make sessions would never end its own: only a key makes them, and never from a page."""
    if asked.principal.session is not None:
        raise NotPermitted(
            "A session token is made with an API key, by a back end; a page asks its back end for a new one."
        )
    session, token = rooms.admission.open_session(asked.principal, _wish(asked.body_as(NewSession)))
    return Answer(
        {
            "token": token,
            "id": session.id,
            "expires": rfc3339(session.expires_ms),
            "use_case": session.use_case,
            "origins": session.origins,
        }
    )


def _wish(new: NewSession) -> SessionWish:
    """Raises InvalidRequest."""
    if new.subject is not None and not new.subject.isprintable():
        raise InvalidRequest("`subject`: printable characters only.", param="subject")
    return SessionWish(
        use_case=new.use_case,
        origins=tuple(dict.fromkeys(new.origins)),
        life_s=new.expires_in_s,
        subject=new.subject,
        rate=read_rate(new.rate),
        budget_nanousd=None if new.budget_usd is None else _nanousd(new.budget_usd),
    )


def _nanousd(text: str) -> int:
    try:
        return nano_from_usd(text)
    except ValueError as error:
        raise InvalidRequest(f"`budget_usd`: {error}.", param="budget_usd") from None
