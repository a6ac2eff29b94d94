-- The ledger of everything that goes out: one delivery an address, its attempts, what the provider said then and later.

CREATE TABLE delivery (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT delivery_id_key UNIQUE,
    message_id CHAR(36) NOT NULL REFERENCES message (id),
    conversation_id CHAR(36) NOT NULL,
    account_id CHAR(36) NOT NULL,
    channel VARCHAR(16) NOT NULL,
    address_kind VARCHAR(16) NOT NULL,
    address_value VARCHAR(330) NOT NULL,
    address_name VARCHAR(300) NOT NULL,
    role VARCHAR(4) NOT NULL,
    state VARCHAR(16) NOT NULL,
    failure VARCHAR(24),
    detail TEXT NOT NULL,
    warning TEXT NOT NULL,
    attempts INT NOT NULL,
    due_at TIMESTAMP NOT NULL,
    give_up_at TIMESTAMP NOT NULL,
    lease_until TIMESTAMP,
    fence BIGINT NOT NULL,
    provider_ids JSON NOT NULL,
    consent JSON NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX delivery_due ON delivery (due_at, n) WHERE state IN ('queued', 'deferred');
CREATE INDEX delivery_lease ON delivery (lease_until) WHERE state = 'sending';
CREATE INDEX delivery_lane ON delivery (conversation_id, channel, n) WHERE state IN ('queued', 'sending', 'deferred');
CREATE INDEX delivery_message ON delivery (message_id);

CREATE TABLE delivery_attempt (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id CHAR(36) NOT NULL REFERENCES delivery (id),
    number INT NOT NULL,
    fence BIGINT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    outcome VARCHAR(16) NOT NULL,
    failure VARCHAR(24),
    provider_code VARCHAR(64) NOT NULL,
    detail TEXT NOT NULL,
    CONSTRAINT delivery_attempt_once UNIQUE (delivery_id, number)
);

CREATE TABLE delivery_report (
    id CHAR(36) PRIMARY KEY,
    delivery_id CHAR(36) NOT NULL REFERENCES delivery (id),
    at TIMESTAMP NOT NULL,
    state VARCHAR(16) NOT NULL,
    source VARCHAR(32) NOT NULL,
    failure VARCHAR(24),
    provider_code VARCHAR(64) NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX delivery_report_delivery ON delivery_report (delivery_id, at);

CREATE TABLE exchange (
    id CHAR(36) PRIMARY KEY,
    account_id CHAR(36) NOT NULL,
    message_id CHAR(36),
    at TIMESTAMP NOT NULL,
    duration REAL NOT NULL,
    request TEXT NOT NULL,
    response TEXT NOT NULL
);
CREATE INDEX exchange_message ON exchange (message_id, at);
CREATE INDEX exchange_at ON exchange (at);

CREATE TABLE suppression (
    id CHAR(36) PRIMARY KEY,
    address_kind VARCHAR(16) NOT NULL,
    address_value VARCHAR(330) NOT NULL,
    reason VARCHAR(32) NOT NULL,
    evidence TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT suppression_address UNIQUE (address_kind, address_value)
);
