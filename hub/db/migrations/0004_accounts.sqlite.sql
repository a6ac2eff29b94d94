-- Channel accounts: one configured adapter each. A deleted one stays without its secrets, since messages name it.
CREATE TABLE account (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT account_id_key UNIQUE,
    name VARCHAR(200) NOT NULL,
    channel VARCHAR(16) NOT NULL,
    provider VARCHAR(32) NOT NULL,
    settings JSON NOT NULL,
    secrets BLOB,
    enabled BOOL NOT NULL,
    queue_id CHAR(36),
    version INT NOT NULL,
    client_key CHAR(36) CONSTRAINT account_client_key UNIQUE,
    client_digest VARCHAR(64),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    deleted_at TIMESTAMP
);
CREATE UNIQUE INDEX account_name ON account (name) WHERE deleted_at IS NULL;

-- Which enabled account takes mail for an address ('address'), a domain ('domain'), or all the rest ('any').
CREATE TABLE account_route (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id CHAR(36) NOT NULL REFERENCES account (id),
    kind VARCHAR(16) NOT NULL,
    value VARCHAR(330) NOT NULL
);
CREATE UNIQUE INDEX account_route_once ON account_route (kind, value) WHERE kind <> 'any';
CREATE INDEX account_route_account ON account_route (account_id);

-- Who runs an account's adapter, until when, and how it fares. `fence` rises with every new holder.
CREATE TABLE account_run (
    account_id CHAR(36) PRIMARY KEY REFERENCES account (id),
    holder VARCHAR(64),
    fence BIGINT NOT NULL,
    lease_until TIMESTAMP,
    state VARCHAR(16) NOT NULL,
    state_detail TEXT NOT NULL,
    state_at TIMESTAMP NOT NULL
);
