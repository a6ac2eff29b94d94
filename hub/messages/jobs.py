"""The names of durable jobs: strings, so that a lower package can name what a higher one does."""

from typing import Final

PRUNE_EVENTS: Final = "db.prune_events"
PRUNE_UPLOADS: Final = "conversations.prune_uploads"
WAKE_SNOOZED: Final = "conversations.wake_snoozed"
