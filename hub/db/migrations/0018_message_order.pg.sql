-- Messages in an order no reader can skip, as the event log has it: by (xid, n), read only below the oldest transaction still open.
-- Older rows have 0. The default is rewritten, with a number added, where transaction ids start again (see conversations/feed.py).

ALTER TABLE message ADD COLUMN xid bigint NOT NULL DEFAULT 0;
ALTER TABLE message ALTER COLUMN xid SET DEFAULT (pg_current_xact_id()::text::bigint);
CREATE INDEX message_order ON message (xid, n);

-- What is handed over is stored as it stands: most of a large mail is base64, and to try to compress that costs more than all
-- the rest of taking it. Out of the row, filing does not write it a second time either.

ALTER TABLE journal ALTER COLUMN raw SET STORAGE EXTERNAL;
