"""The log: one JSON object a line on standard error, with nothing secret in it.

Write events, not prose: `log.info("send attempted", extra={"delivery_id": id})`. Names a `LogRecord` owns (`message`,
`name`, `args`, `module`…) cannot be used in `extra`; a test reads all of our code for it.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from hub.ops.redact import redact, redact_text

OWNED = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""Names of a log record's own fields: not for `extra`."""

_MAX_TEXT = 8_000
"""Characters of a message or a traceback that are logged: a hostile input must not fill the disk through the log."""


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON, redacted."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": redact_text(record.getMessage()[:_MAX_TEXT]),
        }
        line |= {key: redact(value, key) for key, value in vars(record).items() if key not in OWNED}
        if record.exc_info:
            line["exception"] = redact_text(self.formatException(record.exc_info)[-_MAX_TEXT:])
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send everything that is logged in this process to `stream` (standard error) as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    for chatty in ("aiohttp.access", "mail.log", "socketio", "engineio", "tortoise"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
