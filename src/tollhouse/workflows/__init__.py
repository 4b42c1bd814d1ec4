"""Business workflows: one folder and one row each. They make governed calls through `Ask` and check what comes back."""

from collections.abc import Mapping

from .asking import Answered, Ask, Unanswered
from .claims import workflow as claims
from .run import Bench, Case, RunResult, Workflow

__all__ = ["WORKFLOWS", "Answered", "Ask", "Bench", "Case", "RunResult", "Unanswered", "Workflow"]

WORKFLOWS: Mapping[str, Workflow] = {
    "claims": claims.WORKFLOW,  # a claim's text in, triage out
}
