"""The names of durable jobs: strings, so that a lower package can name what a higher one does."""

from typing import Final

DELIVER: Final = "delivery.deliver"
FILE_JOURNAL: Final = "intake.file"
ROUTE_CONVERSATION: Final = "routing.route"
PRUNE_EVENTS: Final = "db.prune_events"
