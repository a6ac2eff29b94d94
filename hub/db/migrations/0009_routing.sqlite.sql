-- Queues and their members, who is there, and what is offered to whom.
CREATE TABLE queue (
    id CHAR(36) NOT NULL PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    name_key VARCHAR(100) NOT NULL CONSTRAINT queue_name_key UNIQUE,
    strategy VARCHAR(16) NOT NULL,
    offer_seconds INT NOT NULL,
    priority INT NOT NULL,
    weights JSON NOT NULL,
    is_default BOOL NOT NULL,
    members_edited BOOL NOT NULL,
    version INT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE queue_member (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    queue_id CHAR(36) NOT NULL REFERENCES queue (id),
    user_id CHAR(36) NOT NULL REFERENCES auth_user (id),
    CONSTRAINT queue_member_once UNIQUE (queue_id, user_id)
);
CREATE INDEX queue_member_user ON queue_member (user_id);

-- How an agent wants to be seen, and since when they have nothing new. `seen_at`: when the last connection ended;
-- `returned`: they left, and what they held went back to its queues.
CREATE TABLE agent_presence (
    user_id CHAR(36) NOT NULL PRIMARY KEY REFERENCES auth_user (id),
    state VARCHAR(16) NOT NULL,
    since TIMESTAMP NOT NULL,
    capacity INT NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    idle_since TIMESTAMP NOT NULL,
    offered_at TIMESTAMP,
    returned BOOL NOT NULL
);

-- Open pages of agents. Each process refreshes its own: those of a process that died fall silent.
CREATE TABLE agent_link (
    id CHAR(36) NOT NULL PRIMARY KEY,
    user_id CHAR(36) NOT NULL REFERENCES auth_user (id),
    process_id CHAR(36) NOT NULL,
    seen_at TIMESTAMP NOT NULL
);
CREATE INDEX agent_link_user ON agent_link (user_id, seen_at);
CREATE INDEX agent_link_process ON agent_link (process_id);

CREATE TABLE offer (
    id CHAR(36) NOT NULL PRIMARY KEY,
    conversation_id CHAR(36) NOT NULL REFERENCES conversation (id),
    queue_id CHAR(36) NOT NULL,
    user_id CHAR(36) NOT NULL REFERENCES auth_user (id),
    weight INT NOT NULL,
    state VARCHAR(16) NOT NULL,
    made_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);
-- One item is offered to one agent at a time, whatever any process believes.
CREATE UNIQUE INDEX offer_one_open ON offer (conversation_id) WHERE state = 'open';
CREATE INDEX offer_open_user ON offer (user_id) WHERE state = 'open';
CREATE INDEX offer_conversation ON offer (conversation_id, made_at);
