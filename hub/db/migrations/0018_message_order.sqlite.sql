-- Where there is one writer at a time, n is the order: xid is always 0.

ALTER TABLE message ADD COLUMN xid BIGINT NOT NULL DEFAULT 0;
CREATE INDEX message_order ON message (xid, n);
