-- What visitors thought of a conversation, and where else they can be reached.
CREATE TABLE conversation_rating (
    conversation_id uuid NOT NULL PRIMARY KEY REFERENCES conversation (id),
    stars integer NOT NULL,
    comment text NOT NULL,
    at timestamptz NOT NULL
);

ALTER TABLE visitor ADD COLUMN phone varchar(40) NOT NULL DEFAULT '';
