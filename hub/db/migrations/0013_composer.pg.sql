-- What is being written, and what was sent but may still be taken back.

-- Content is NULL once the draft was sent or thrown away; its revision goes on counting, so that a page left open cannot bring it back.
CREATE TABLE draft (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    conversation_id uuid NOT NULL REFERENCES conversation (id),
    mode varchar(8) NOT NULL,
    content jsonb,
    revision integer NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT draft_once UNIQUE (user_id, conversation_id, mode)
);
CREATE INDEX draft_conversation ON draft (conversation_id);

-- A file of a draft is kept for as long as the draft may lie.
ALTER TABLE upload ADD COLUMN keep_until timestamptz;

ALTER TABLE message ADD COLUMN send_at timestamptz;
ALTER TABLE message ADD COLUMN undo_until timestamptz;

-- Whoever deletes the row decides: the worker, and the message leaves; its author, and it comes back.
CREATE TABLE held_message (
    message_id uuid PRIMARY KEY REFERENCES message (id),
    release_at timestamptz NOT NULL,
    plan jsonb NOT NULL
);
CREATE INDEX held_message_release ON held_message (release_at);
