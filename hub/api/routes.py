"""Every router of the console's origin, in the order of the OpenAPI document's tags."""

from hub.api import audit, roles, session, system, teams, tokens, users
from hub.api.endpoint import Router

ROUTERS: list[Router] = [
    session.api,
    users.api,
    roles.api,
    teams.api,
    tokens.api,
    audit.api,
    system.api,
]
