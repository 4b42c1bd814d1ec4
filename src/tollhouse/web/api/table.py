"""
Every operation of `/api/v1`, one row each. The router, the description and the tests are made from this table.

A new operation is a handler `async def (rooms, asked) -> Answer`, a row here, and its answer's schema in schemas.py.
Rows are tried from the top, so a longer address stands before a shorter one with a name at its end.
"""

from tollhouse.governance.roles import Action

from .body import Document
from .budgets import NewBudget, delete_budget, list_budgets, put_budget
from .cache import purge_cache
from .calls import list_calls, show_call, show_usage
from .changes import CHANGES, list_changes
from .entry import Entry
from .keys import KeyChange, NewKey, Rotation, change_key, create_key, list_keys, revoke_key, rotate_key
from .me import show_me
from .objects import Move, Objects
from .privacy import ScanWish, scan_text
from .query import CALLS, REASON, REASON_AND_VERSION, USAGE
from .session_tokens import NewSession, create_session_token
from .tokens import NewToken, create_token, list_tokens, revoke_token
from .trials import TrialWish, try_budget

API = "/api/v1"

_ORGANISATION = Objects("organisation")
_TEAMS = Objects("team")
_USE_CASES = Objects("use_case")
_ROUTES = Objects("route")
_PRICES = Objects("price")

ENTRIES: tuple[Entry, ...] = (
    Entry(
        method="GET",
        path=f"{API}/me",
        action=Action.ME,
        handler=show_me,
        summary="Say who you are and what you may do: an access token, a key or a session token.",
        answer="Me",
        for_keys=True,
    ),
    # --- what happened ----------------------------------------------------------------------------------------------
    Entry(
        method="GET",
        path=f"{API}/calls",
        action=Action.CALLS_READ,
        handler=list_calls,
        summary="List calls, newest first.",
        answer="CallPage",
        query=CALLS,
    ),
    Entry(
        method="GET",
        path=f"{API}/calls/{{id}}",
        action=Action.CALLS_READ,
        handler=show_call,
        summary="Show one call.",
        answer="Call",
    ),
    Entry(
        method="GET",
        path=f"{API}/usage",
        action=Action.USAGE_READ,
        handler=show_usage,
        summary="Add up calls, tokens and cost.",
        answer="Usage",
        query=USAGE,
    ),
    Entry(
        method="GET",
        path=f"{API}/changes",
        action=Action.CHANGES_READ,
        handler=list_changes,
        summary="List who changed what, and why, newest first.",
        answer="ChangePage",
        query=CHANGES,
    ),
    Entry(
        method="POST",
        path=f"{API}/privacy/scan",
        action=Action.PRIVACY_SCAN,
        handler=scan_text,
        summary="Show where personal data stands in a text, and what of it would leave.",
        answer="Scanned",
        body=ScanWish,
    ),
    # --- budgets ----------------------------------------------------------------------------------------------------
    Entry(
        method="GET",
        path=f"{API}/budgets",
        action=Action.BUDGETS_READ,
        handler=list_budgets,
        summary="List budgets as they stand in their current period.",
        answer="BudgetList",
    ),
    Entry(
        method="POST",
        path=f"{API}/budgets/simulate",
        action=Action.BUDGETS_TRY,
        handler=try_budget,
        summary="Try a budget or a rate on past calls: which it would have warned of, slowed down or blocked.",
        answer="Trial",
        body=TrialWish,
    ),
    Entry(
        method="PUT",
        path=f"{API}/budgets/organisation",
        action=Action.BUDGETS_WRITE,
        handler=put_budget,
        summary="Set the organisation's budget, if the file gives it none.",
        answer="BudgetNow",
        body=NewBudget,
    ),
    Entry(
        method="DELETE",
        path=f"{API}/budgets/organisation",
        action=Action.BUDGETS_WRITE,
        handler=delete_budget,
        summary="Take the organisation's budget away.",
        answer=None,
        query=REASON,
    ),
    Entry(
        method="PUT",
        path=f"{API}/budgets/{{kind}}/{{name}}",
        action=Action.BUDGETS_WRITE,
        handler=put_budget,
        summary="Set the budget of a `team`, `use_case` or `key`.",
        answer="BudgetNow",
        body=NewBudget,
    ),
    Entry(
        method="DELETE",
        path=f"{API}/budgets/{{kind}}/{{name}}",
        action=Action.BUDGETS_WRITE,
        handler=delete_budget,
        summary="Take the budget of a `team`, `use_case` or `key` away.",
        answer=None,
        query=REASON,
    ),
    # --- who may call, for what -------------------------------------------------------------------------------------
    Entry(
        method="GET",
        path=f"{API}/organisation",
        action=Action.BUDGETS_READ,
        handler=_ORGANISATION.show,
        summary="Show the organisation.",
        answer="Organisation",
    ),
    Entry(
        method="PUT",
        path=f"{API}/organisation",
        action=Action.BUDGETS_WRITE,
        handler=_ORGANISATION.put,
        summary="Set what the store holds of the organisation: its budget, if the file gives it none.",
        answer="Organisation",
        body=Document,
    ),
    Entry(
        method="PATCH",
        path=f"{API}/organisation",
        action=Action.BUDGETS_WRITE,
        handler=_ORGANISATION.patch,
        summary="Change some of it (JSON merge patch).",
        answer="Organisation",
        body=Document,
    ),
    Entry(
        method="DELETE",
        path=f"{API}/organisation",
        action=Action.BUDGETS_WRITE,
        handler=_ORGANISATION.delete,
        summary="Forget what the store holds of it; the file's word stays.",
        answer=None,
        query=REASON_AND_VERSION,
    ),
    *_TEAMS.rows(f"{API}/teams", "Team", "team", reads=Action.TEAMS_READ, writes=Action.TEAMS_WRITE),
    Entry(
        method="POST",
        path=f"{API}/use-cases/{{name}}/state",
        action=Action.USE_CASES_MOVE,
        handler=_USE_CASES.move,
        summary="Move a use case on: approved by a second person, then live; or retired.",
        answer="UseCase",
        body=Move,
    ),
    Entry(
        method="DELETE",
        path=f"{API}/use-cases/{{name}}/cache",
        action=Action.CACHE_PURGE,
        handler=purge_cache,
        summary="Forget every answer that is kept for a use case.",
        answer="Purged",
        query=REASON,
    ),
    *_USE_CASES.rows(
        f"{API}/use-cases", "UseCase", "use case", reads=Action.USE_CASES_READ, writes=Action.USE_CASES_WRITE
    ),
    *_ROUTES.rows(f"{API}/routes", "Route", "route", reads=Action.ROUTES_READ, writes=Action.ROUTES_WRITE),
    *_PRICES.rows(
        f"{API}/prices",
        "Price",
        "price override",
        reads=Action.PRICES_READ,
        writes=Action.PRICES_WRITE,
        name="{provider}/{model}",
    ),
    # --- keys and access tokens -------------------------------------------------------------------------------------
    Entry(
        method="GET",
        path=f"{API}/keys",
        action=Action.KEYS_READ,
        handler=list_keys,
        summary="List keys, revoked ones too. Never a secret.",
        answer="KeyList",
    ),
    Entry(
        method="POST",
        path=f"{API}/keys",
        action=Action.KEYS_WRITE,
        handler=create_key,
        summary="Make a key. The answer holds its secret, this once.",
        answer="KeyWithSecret",
        body=NewKey,
        creates=True,
    ),
    Entry(
        method="POST",
        path=f"{API}/keys/{{name}}/rotate",
        action=Action.KEYS_WRITE,
        handler=rotate_key,
        summary="Give a key a new secret, which the answer holds, this once.",
        answer="KeyWithSecret",
        body=Rotation,
    ),
    Entry(
        method="PATCH",
        path=f"{API}/keys/{{name}}",
        action=Action.KEYS_WRITE,
        handler=change_key,
        summary="Change what a key may do. What is left out stays as it is.",
        answer="Key",
        body=KeyChange,
    ),
    Entry(
        method="DELETE",
        path=f"{API}/keys/{{name}}",
        action=Action.KEYS_WRITE,
        handler=revoke_key,
        summary="Revoke a key for good. Calls under way go on.",
        answer="Key",
        query=REASON,
    ),
    Entry(
        method="GET",
        path=f"{API}/tokens",
        action=Action.TOKENS_READ,
        handler=list_tokens,
        summary="List access tokens, revoked ones too. Never a secret.",
        answer="TokenList",
    ),
    Entry(
        method="POST",
        path=f"{API}/tokens",
        action=Action.TOKENS_WRITE,
        handler=create_token,
        summary="Make an access token. The answer holds its secret, this once.",
        answer="TokenWithSecret",
        body=NewToken,
        creates=True,
    ),
    Entry(
        method="DELETE",
        path=f"{API}/tokens/{{name}}",
        action=Action.TOKENS_WRITE,
        handler=revoke_token,
        summary="Revoke an access token for good.",
        answer=None,
        query=REASON,
    ),
    Entry(
        method="POST",
        path=f"{API}/session-tokens",
        action=Action.SESSIONS_OPEN,
        handler=create_session_token,
        summary="Exchange a key for a session token that a web page may hold. By a back end, never from a page.",
        answer="SessionToken",
        body=NewSession,
        for_keys=True,
        creates=True,
    ),
)
