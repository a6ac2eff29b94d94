-- What visitors thought of a conversation, and where else they can be reached.
CREATE TABLE conversation_rating (
    conversation_id CHAR(36) NOT NULL PRIMARY KEY REFERENCES conversation (id),
    stars INT NOT NULL,
    comment TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);

ALTER TABLE visitor ADD COLUMN phone VARCHAR(40) NOT NULL DEFAULT '';
