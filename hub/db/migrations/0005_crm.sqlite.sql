-- Customers: persons and organisations. The number people see (C000123) is `n`.
CREATE TABLE customer (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT customer_id_key UNIQUE,
    kind VARCHAR(16) NOT NULL,
    name VARCHAR(300) NOT NULL,
    level VARCHAR(16) NOT NULL,
    sex VARCHAR(16),
    company VARCHAR(300) NOT NULL,
    title VARCHAR(200) NOT NULL,
    postal_address TEXT NOT NULL,
    locale VARCHAR(16) NOT NULL,
    note TEXT NOT NULL,
    unconfirmed BOOL NOT NULL,
    version INT NOT NULL,
    created_by CHAR(36),
    client_key CHAR(36),
    client_digest VARCHAR(64),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CONSTRAINT customer_author_client_key UNIQUE (created_by, client_key)
);

-- The same address may belong to several customers; then it identifies none of them.
CREATE TABLE customer_address (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT customer_address_id_key UNIQUE,
    customer_id CHAR(36) NOT NULL REFERENCES customer (id),
    kind VARCHAR(16) NOT NULL,
    value VARCHAR(330) NOT NULL,
    label VARCHAR(100) NOT NULL,
    verified_at TIMESTAMP,
    is_primary BOOL NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT customer_address_once UNIQUE (customer_id, kind, value)
);
CREATE INDEX customer_address_value ON customer_address (value, kind);

-- A channel on which the customer wants nothing. Rows are ended, not deleted: they are the proof.
CREATE TABLE customer_refusal (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id CHAR(36) NOT NULL REFERENCES customer (id),
    channel VARCHAR(16) NOT NULL,
    reason TEXT NOT NULL,
    by_id CHAR(36),
    by_name VARCHAR(200) NOT NULL,
    at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    ended_by_id CHAR(36),
    ended_by_name VARCHAR(200)
);
CREATE UNIQUE INDEX customer_refusal_once ON customer_refusal (customer_id, channel) WHERE ended_at IS NULL;

CREATE TABLE customer_member (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation_id CHAR(36) NOT NULL REFERENCES customer (id),
    person_id CHAR(36) NOT NULL REFERENCES customer (id),
    title VARCHAR(200) NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT customer_member_once UNIQUE (organisation_id, person_id)
);
CREATE INDEX customer_member_person ON customer_member (person_id);

CREATE TABLE ticket_state (
    code VARCHAR(32) PRIMARY KEY,
    place INT NOT NULL,
    name_en VARCHAR(100) NOT NULL,
    name_zh VARCHAR(100) NOT NULL,
    colour VARCHAR(16) NOT NULL,
    closed BOOL NOT NULL
);
INSERT INTO ticket_state (code, place, name_en, name_zh, colour, closed) VALUES
    ('new', 1, 'New', '新建', '#2563eb', false),
    ('in_progress', 2, 'In progress', '处理中', '#d97706', false),
    ('waiting', 3, 'Waiting', '等待中', '#7c3aed', false),
    ('finished', 4, 'Finished', '已完成', '#059669', true),
    ('closed', 5, 'Closed', '已关闭', '#6b7280', true);

-- Tickets: what a customer wants, as work. The number people see (T000045) is `n`.
CREATE TABLE ticket (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT ticket_id_key UNIQUE,
    title VARCHAR(300) NOT NULL,
    description TEXT NOT NULL,
    state VARCHAR(32) NOT NULL REFERENCES ticket_state (code),
    priority VARCHAR(16) NOT NULL,
    assignee_id CHAR(36),
    customer_id CHAR(36) REFERENCES customer (id),
    due_at TIMESTAMP,
    closed_at TIMESTAMP,
    version INT NOT NULL,
    created_by CHAR(36),
    client_key CHAR(36),
    client_digest VARCHAR(64),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CONSTRAINT ticket_author_client_key UNIQUE (created_by, client_key)
);
CREATE INDEX ticket_state_n ON ticket (state, n DESC);
CREATE INDEX ticket_assignee ON ticket (assignee_id, n DESC);
CREATE INDEX ticket_customer ON ticket (customer_id, n DESC);
CREATE INDEX ticket_due ON ticket (due_at) WHERE closed_at IS NULL;

-- Every change of a ticket: who, when, what (T-07).
CREATE TABLE ticket_step (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT ticket_step_id_key UNIQUE,
    ticket_id CHAR(36) NOT NULL REFERENCES ticket (id),
    at TIMESTAMP NOT NULL,
    by_id CHAR(36),
    by_name VARCHAR(200) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    text TEXT NOT NULL,
    from_value TEXT,
    to_value TEXT
);
CREATE INDEX ticket_step_ticket ON ticket_step (ticket_id, n);

-- Full text: the grams of a customer and of a ticket under their numbers (rowid = n).
CREATE VIRTUAL TABLE customer_grams USING fts5 (grams, tokenize = 'ascii');
CREATE VIRTUAL TABLE ticket_grams USING fts5 (grams, tokenize = 'ascii');
