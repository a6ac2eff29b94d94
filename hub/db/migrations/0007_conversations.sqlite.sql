-- Conversations, their messages, and the keys by which later messages find them.

CREATE TABLE conversation (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT conversation_id_key UNIQUE,
    state VARCHAR(16) NOT NULL,
    waiting_for VARCHAR(16) NOT NULL,
    waiting_since TIMESTAMP NOT NULL,
    priority VARCHAR(16) NOT NULL,
    subject TEXT NOT NULL,
    channel VARCHAR(16) NOT NULL,
    channels JSON NOT NULL,
    account_id CHAR(36),
    queue_id CHAR(36),
    assignee_id CHAR(36),
    visitor_id CHAR(36),
    customer_id CHAR(36),
    candidates JSON NOT NULL,
    participants JSON NOT NULL,
    follows_id CHAR(36),
    link_reason VARCHAR(32) NOT NULL,
    snoozed_until TIMESTAMP,
    preview TEXT NOT NULL,
    last_direction VARCHAR(8) NOT NULL,
    last_in_n BIGINT NOT NULL,
    last_message_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version INT NOT NULL
);
-- The lists: every one is "state (and holder), in an order, from a key on".
CREATE INDEX conversation_state_last ON conversation (state, last_message_at DESC, n DESC);
CREATE INDEX conversation_state_waiting ON conversation (state, waiting_for, waiting_since, n);
CREATE INDEX conversation_assignee ON conversation (assignee_id, state, last_message_at DESC, n DESC);
CREATE INDEX conversation_queue ON conversation (queue_id, state, last_message_at DESC, n DESC);
CREATE INDEX conversation_channel ON conversation (channel, state, last_message_at DESC, n DESC);
CREATE INDEX conversation_waiting ON conversation (state, waiting_since, n) WHERE state <> 'closed';
CREATE INDEX conversation_visitor ON conversation (visitor_id, n DESC) WHERE visitor_id IS NOT NULL;
CREATE INDEX conversation_snoozed ON conversation (snoozed_until) WHERE state = 'snoozed';

CREATE TABLE message (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT message_id_key UNIQUE,
    conversation_id CHAR(36) NOT NULL REFERENCES conversation (id),
    channel VARCHAR(16) NOT NULL,
    account_id CHAR(36),
    direction VARCHAR(8) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    from_kind VARCHAR(16),
    from_value VARCHAR(330),
    from_name VARCHAR(300) NOT NULL,
    author_id CHAR(36),
    recipients JSON NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    reply_text TEXT NOT NULL,
    has_html BOOL NOT NULL,
    attachments JSON NOT NULL,
    notices JSON NOT NULL,
    extra JSON NOT NULL,
    client_key CHAR(36),
    client_digest VARCHAR(64),
    journal_id CHAR(36),
    status VARCHAR(16),
    status_detail TEXT NOT NULL,
    failure VARCHAR(24),
    sent_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT message_author_client_key UNIQUE (author_id, client_key)
);
CREATE INDEX message_conversation ON message (conversation_id, n);
CREATE INDEX message_channel ON message (channel, direction, n);

CREATE TABLE message_html (
    message_id CHAR(36) PRIMARY KEY REFERENCES message (id),
    html TEXT NOT NULL,
    remote_images INT NOT NULL
);

-- By what later messages are recognised: Message-IDs, and subject with sender. The same key may come twice: the newest wins.
CREATE TABLE thread_key (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id CHAR(36) NOT NULL,
    key VARCHAR(500) NOT NULL,
    conversation_id CHAR(36) NOT NULL REFERENCES conversation (id),
    message_id CHAR(36) NOT NULL REFERENCES message (id),
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX thread_key_lookup ON thread_key (account_id, key, n DESC);
CREATE INDEX thread_key_message ON thread_key (message_id);

CREATE TABLE conversation_customer (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id CHAR(36) NOT NULL REFERENCES conversation (id),
    customer_id CHAR(36) NOT NULL,
    linked_by CHAR(36),
    linked_at TIMESTAMP NOT NULL,
    CONSTRAINT conversation_customer_once UNIQUE (conversation_id, customer_id)
);
CREATE INDEX conversation_customer_customer ON conversation_customer (customer_id);

CREATE TABLE conversation_ticket (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id CHAR(36) NOT NULL REFERENCES conversation (id),
    ticket_id CHAR(36) NOT NULL,
    linked_by CHAR(36),
    linked_at TIMESTAMP NOT NULL,
    CONSTRAINT conversation_ticket_once UNIQUE (conversation_id, ticket_id)
);
CREATE INDEX conversation_ticket_ticket ON conversation_ticket (ticket_id);

CREATE TABLE conversation_read (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id CHAR(36) NOT NULL,
    conversation_id CHAR(36) NOT NULL REFERENCES conversation (id),
    read_n BIGINT NOT NULL,
    CONSTRAINT conversation_read_once UNIQUE (user_id, conversation_id)
);

-- Files given by agents and visitors before the message that will carry them.
CREATE TABLE upload (
    id CHAR(36) PRIMARY KEY,
    owner VARCHAR(64) NOT NULL,
    filename VARCHAR(255) NOT NULL,
    content_type VARCHAR(127) NOT NULL,
    size BIGINT NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX upload_created ON upload (created_at);

CREATE TABLE canned_reply (
    id CHAR(36) PRIMARY KEY,
    shortcut VARCHAR(64) NOT NULL,
    title VARCHAR(200) NOT NULL,
    text TEXT NOT NULL,
    locale VARCHAR(8) NOT NULL,
    CONSTRAINT canned_reply_shortcut UNIQUE (shortcut, locale)
);

-- Full text: the grams of a message under its number (FTS5, rowid = message.n).
CREATE VIRTUAL TABLE message_grams USING fts5 (grams, tokenize = 'ascii');
