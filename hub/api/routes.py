"""Every router, by origin."""

from hub.api import audit, roles, session, system, teams, tokens, users
from hub.api.endpoint import Router

CONSOLE: list[Router] = [
    session.api,
    users.api,
    roles.api,
    teams.api,
    tokens.api,
    audit.api,
    system.api,
]
"""What the console's origin serves."""

WIDGET: list[Router] = []
"""What the widget's origin serves."""

DOCUMENTED: list[Router] = [*CONSOLE, *WIDGET]
"""What the OpenAPI document names."""
