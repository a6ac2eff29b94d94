-- Where there is one writer at a time, n is the order: xid is always 0.

ALTER TABLE message ADD COLUMN xid BIGINT NOT NULL DEFAULT 0;
CREATE INDEX message_order ON message (xid, n);

-- What was made of a blob to be shown: pictures of its pages, peaks of its sound, sound that browsers play; or why there is none.
DROP TABLE media_preview;
CREATE TABLE media_rendition (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    digest VARCHAR(64) NOT NULL REFERENCES media_blob (digest),
    kind VARCHAR(40) NOT NULL,
    made_digest VARCHAR(64),
    pages INTEGER NOT NULL,
    refused VARCHAR(200) NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT media_rendition_once UNIQUE (digest, kind)
);
