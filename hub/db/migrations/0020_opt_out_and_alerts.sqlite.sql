-- Who said STOP to which of our numbers: nobody of ours writes to them on that channel until they say START, or somebody lifts it.

CREATE TABLE opt_out (
    id CHAR(36) PRIMARY KEY,
    channel VARCHAR(16) NOT NULL,
    address_kind VARCHAR(16) NOT NULL,
    address_value VARCHAR(330) NOT NULL,
    sender VARCHAR(330) NOT NULL,
    account_id CHAR(36) NOT NULL,
    word VARCHAR(100) NOT NULL,
    journal_id CHAR(36),
    created_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    ended_by CHAR(36),
    ended_by_name VARCHAR(200) NOT NULL,
    ended_why VARCHAR(500) NOT NULL
);
CREATE UNIQUE INDEX opt_out_once ON opt_out (address_value, channel, sender) WHERE ended_at IS NULL;

-- What members of staff are told by short message: when it may leave, and whether it did.

CREATE TABLE alert (
    id CHAR(36) PRIMARY KEY,
    user_id CHAR(36) NOT NULL,
    dedup_key VARCHAR(200) NOT NULL,
    text TEXT NOT NULL,
    urgent BOOL NOT NULL,
    state VARCHAR(16) NOT NULL,
    reason VARCHAR(32) NOT NULL,
    due_at TIMESTAMP NOT NULL,
    message_id CHAR(36) NOT NULL,
    created_at TIMESTAMP NOT NULL,
    done_at TIMESTAMP,
    CONSTRAINT alert_once UNIQUE (user_id, dedup_key)
);
CREATE INDEX alert_due ON alert (due_at) WHERE state = 'waiting';
CREATE INDEX alert_done ON alert (user_id, done_at);
