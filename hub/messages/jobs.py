"""The names of durable jobs: strings, so that a lower package can name what a higher one does."""

from typing import Final

PRUNE_EVENTS: Final = "db.prune_events"
PRUNE_UPLOADS: Final = "conversations.prune_uploads"
RETAG: Final = "conversations.retag"
BULK: Final = "conversations.bulk"
TELL_NAMES: Final = "conversations.tell_names"
TELL_WAITS: Final = "conversations.tell_waits"
WAKE_SNOOZED: Final = "conversations.wake_snoozed"
TELL_USERS: Final = "notifications.tell"
ANSWER_OPT_OUT: Final = "delivery.answer_opt_out"
SEND_ALERT: Final = "delivery.send_alert"
FORGET_EARLY_REPORTS: Final = "delivery.forget_early_reports"
PRUNE_NOTIFICATIONS: Final = "notifications.prune"
DROP_BYTES: Final = "intake.drop_bytes"
