-- Lists: tags, saved views, actions on many conversations, merge and split.

-- `rev` counts every write of a row: of two events about a conversation the one with the higher `rev` is the newer.
ALTER TABLE conversation ADD COLUMN rev BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN tags JSON NOT NULL DEFAULT '[]';
ALTER TABLE conversation ADD COLUMN ticket_ids JSON NOT NULL DEFAULT '[]';
ALTER TABLE conversation ADD COLUMN snooze_reason VARCHAR(8);
ALTER TABLE conversation ADD COLUMN woken VARCHAR(8);
ALTER TABLE conversation ADD COLUMN merged_into CHAR(36);
CREATE INDEX conversation_merged ON conversation (merged_into) WHERE merged_into IS NOT NULL;

-- The message that names this user and that he has not looked at; 0 for none.
ALTER TABLE conversation_read ADD COLUMN mentioned_n BIGINT NOT NULL DEFAULT 0;
CREATE INDEX conversation_read_mentioned ON conversation_read (user_id, conversation_id) WHERE mentioned_n > 0;

CREATE TABLE tag (
    id CHAR(36) PRIMARY KEY,
    name VARCHAR(50) NOT NULL,
    name_key VARCHAR(50) NOT NULL CONSTRAINT tag_name_key UNIQUE,
    colour VARCHAR(16) NOT NULL,
    removed_at TIMESTAMP
);

-- `conversation.tags` holds the names for showing; this finds the conversations of a tag.
CREATE TABLE conversation_tag (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id CHAR(36) NOT NULL REFERENCES conversation (id),
    tag_id CHAR(36) NOT NULL REFERENCES tag (id),
    CONSTRAINT conversation_tag_once UNIQUE (conversation_id, tag_id)
);
CREATE INDEX conversation_tag_tag ON conversation_tag (tag_id, conversation_id);

CREATE TABLE saved_view (
    id CHAR(36) PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    scope VARCHAR(16) NOT NULL,
    user_id CHAR(36),
    team_id CHAR(36),
    filter JSON NOT NULL,
    sort VARCHAR(16) NOT NULL,
    place INT NOT NULL,
    version INT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX saved_view_user ON saved_view (user_id) WHERE user_id IS NOT NULL;

-- One action on many conversations: what it does, how far it is, and what each one was before.
CREATE TABLE bulk_action (
    id CHAR(36) PRIMARY KEY,
    user_id CHAR(36) NOT NULL,
    action JSON NOT NULL,
    total INT NOT NULL,
    done INT NOT NULL,
    failed JSON NOT NULL,
    undoes_id CHAR(36),
    caller JSON NOT NULL,
    created_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP
);
CREATE TABLE bulk_item (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    bulk_id CHAR(36) NOT NULL REFERENCES bulk_action (id),
    conversation_id CHAR(36) NOT NULL REFERENCES conversation (id),
    done BOOL NOT NULL DEFAULT 0,
    before JSON,
    rev_after BIGINT,
    CONSTRAINT bulk_item_once UNIQUE (bulk_id, conversation_id)
);
CREATE INDEX bulk_item_todo ON bulk_item (bulk_id, n) WHERE NOT done;

-- A merge or a split: which messages went from one conversation to the other, and how both were before.
CREATE TABLE conversation_move (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT conversation_move_id_key UNIQUE,
    kind VARCHAR(8) NOT NULL,
    from_id CHAR(36) NOT NULL REFERENCES conversation (id),
    into_id CHAR(36) NOT NULL REFERENCES conversation (id),
    before JSON NOT NULL,
    moved_by CHAR(36),
    moved_at TIMESTAMP NOT NULL,
    undone_at TIMESTAMP
);
CREATE INDEX conversation_move_from ON conversation_move (from_id, n DESC);
CREATE INDEX conversation_move_into ON conversation_move (into_id, n DESC);
CREATE TABLE moved_message (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    move_id CHAR(36) NOT NULL REFERENCES conversation_move (id),
    message_id CHAR(36) NOT NULL REFERENCES message (id),
    CONSTRAINT moved_message_once UNIQUE (move_id, message_id)
);
CREATE INDEX moved_message_message ON moved_message (message_id);
