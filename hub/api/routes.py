"""Every router, by origin."""

from hub.api import (
    accounts,
    audit,
    calendars,
    canned_replies,
    conversations,
    customers,
    drafts,
    events,
    journal,
    macros,
    messages,
    notifications,
    offers,
    preferences,
    presence,
    queues,
    replies,
    roles,
    search,
    session,
    suppressions,
    system,
    teams,
    tickets,
    tokens,
    totp,
    uploads,
    users,
    visitor_uploads,
    wallboard,
)
from hub.api.endpoint import Router

CONSOLE: list[Router] = [
    session.api,
    preferences.api,
    totp.api,
    conversations.api,
    replies.api,
    drafts.api,
    messages.api,
    uploads.api,
    search.api,
    events.api,
    canned_replies.api,
    macros.api,
    notifications.api,
    customers.api,
    tickets.api,
    queues.api,
    calendars.api,
    presence.api,
    offers.api,
    accounts.api,
    users.api,
    roles.api,
    teams.api,
    tokens.api,
    audit.api,
    journal.api,
    suppressions.api,
    system.api,
    wallboard.api,
]
"""What the console's origin serves."""

WIDGET: list[Router] = [visitor_uploads.api]
"""What the widget's origin serves."""

DOCUMENTED: list[Router] = [*CONSOLE, *WIDGET]
"""What the OpenAPI document names."""
