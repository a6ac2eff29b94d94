-- What users are told. `key` names what it is about: nobody is told the same thing twice.
CREATE TABLE notification (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT notification_id_key UNIQUE,
    user_id CHAR(36) NOT NULL REFERENCES auth_user (id),
    kind VARCHAR(16) NOT NULL,
    key VARCHAR(100) NOT NULL,
    conversation_id CHAR(36) NOT NULL,
    message_id CHAR(36),
    by_id CHAR(36),
    by_name VARCHAR(100) NOT NULL,
    text VARCHAR(300) NOT NULL,
    at TIMESTAMP NOT NULL,
    read_at TIMESTAMP,
    CONSTRAINT notification_once UNIQUE (user_id, key)
);
CREATE INDEX notification_user ON notification (user_id, n DESC);
CREATE INDEX notification_unread ON notification (user_id, conversation_id) WHERE read_at IS NULL;
CREATE INDEX notification_at ON notification (at);
