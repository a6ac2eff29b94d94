-- The door in: what providers handed over, byte for byte, before anything else is done with it.

CREATE TABLE journal (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT journal_id_key UNIQUE,
    account_id CHAR(36) NOT NULL,
    key VARCHAR(255) NOT NULL,
    received_at TIMESTAMP NOT NULL,
    envelope JSON NOT NULL,
    raw BLOB,
    raw_sha256 VARCHAR(64),
    size BIGINT NOT NULL,
    state VARCHAR(16) NOT NULL,
    attempts INT NOT NULL,
    due_at TIMESTAMP NOT NULL,
    lease_until TIMESTAMP,
    error TEXT NOT NULL,
    parser_version INT,
    message_id CHAR(36),
    conversation_id CHAR(36),
    filed_at TIMESTAMP,
    CONSTRAINT journal_account_key UNIQUE (account_id, key)
);
CREATE INDEX journal_pending ON journal (due_at, n) WHERE state = 'pending';
CREATE INDEX journal_poison ON journal (n) WHERE state = 'poison';
CREATE INDEX journal_message ON journal (message_id);

-- How far an adapter has read at its provider; moves in the transaction that stores what was read.
CREATE TABLE intake_cursor (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id CHAR(36) NOT NULL,
    name VARCHAR(200) NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT intake_cursor_once UNIQUE (account_id, name)
);
