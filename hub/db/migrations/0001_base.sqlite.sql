-- Facts about the database itself: its epoch, and how far the event log was pruned.
CREATE TABLE hub_meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- What happened, in an order no reader can skip: one writer at a time, and ids are never used twice. xid is of use on PostgreSQL only.
CREATE TABLE event_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    xid BIGINT NOT NULL DEFAULT 0,
    type TEXT NOT NULL,
    data JSON NOT NULL,
    audience JSON NOT NULL,
    at TIMESTAMP NOT NULL
);

-- Work to be done once or later. A finished job is deleted; a failed one stays for a person to see.
CREATE TABLE job (
    id CHAR(36) NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    payload JSON NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued' CONSTRAINT job_state CHECK (state IN ('queued', 'running', 'failed')),
    idempotency_key TEXT,
    lock_name TEXT,
    due_at TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    attempts INT NOT NULL DEFAULT 0,
    fence BIGINT NOT NULL DEFAULT 0,
    lease_until TIMESTAMP,
    error TEXT
);
CREATE UNIQUE INDEX job_idempotency_key ON job (idempotency_key) WHERE idempotency_key IS NOT NULL AND state <> 'failed';
CREATE UNIQUE INDEX job_one_running_per_lock ON job (lock_name) WHERE lock_name IS NOT NULL AND state = 'running';
CREATE INDEX job_due ON job (due_at, id) WHERE state = 'queued';
CREATE INDEX job_leased ON job (lease_until) WHERE state = 'running';

CREATE TABLE job_schedule (
    name TEXT NOT NULL PRIMARY KEY,
    next_at TIMESTAMP NOT NULL
);

INSERT INTO hub_meta (name, value) VALUES ('epoch', lower(hex(randomblob(6))));
