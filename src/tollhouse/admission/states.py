"""What a use case may reach in its state. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from tollhouse.domain.errors import UseCaseNotAllowed
from tollhouse.domain.governance import LIVE, PROPOSED, RETIRED, Deployment, Route, UseCase

INHOUSE = "inhouse"

NEXT = {
    PROPOSED: "Somebody else than who wrote it, an admin or an owner of its team, has to approve it first.",
    RETIRED: "It is over; propose a new one.",
}
STARTS = "An admin or an owner of its team makes it live."


def reachable(use_case: UseCase, routes: Sequence[Route]) -> tuple[Route, ...]:
    """
    Return the routes with the deployments that the use case may reach in its state; a live one reaches all.

    Raises UseCaseNotAllowed if nothing is left.
    """
    if use_case.state == LIVE:
        return tuple(routes)
    left = () if use_case.state == RETIRED else tuple(_harmless(route) for route in routes)
    left = tuple(route for route in left if route.deployments)
    if not left:
        only = "" if use_case.state == RETIRED else " and reaches only the in-house engine and simulated providers"
        raise UseCaseNotAllowed(
            f"The use case {use_case.name} is {use_case.state}{only}. {NEXT.get(use_case.state, STARTS)}"
        )
    return left


def _harmless(route: Route) -> Route:
    return replace(route, deployments=tuple(each for each in route.deployments if _costs_nobody(each)))


def _costs_nobody(deployment: Deployment) -> bool:
    return deployment.dialect == INHOUSE or deployment.simulated
