-- Business hours, and until when an answer is due.
CREATE TABLE calendar (
    id CHAR(36) NOT NULL PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    name_key VARCHAR(100) NOT NULL CONSTRAINT calendar_name_key UNIQUE,
    timezone VARCHAR(64) NOT NULL,
    week JSON NOT NULL,
    holidays JSON NOT NULL,
    version INT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

ALTER TABLE queue ADD COLUMN calendar_id CHAR(36) REFERENCES calendar (id);
ALTER TABLE queue ADD COLUMN first_response_minutes INT;
ALTER TABLE queue ADD COLUMN next_response_minutes INT;
ALTER TABLE queue ADD COLUMN after_hours JSON NOT NULL DEFAULT '{}';

-- `until`: when after-call work ends by itself.
ALTER TABLE agent_presence ADD COLUMN until TIMESTAMP;

-- Set by routing for a wait that began at `clock_since` in `clock_queue_id`: another wait, or another queue, makes it void.
ALTER TABLE conversation ADD COLUMN clock_since TIMESTAMP;
ALTER TABLE conversation ADD COLUMN clock_queue_id CHAR(36);
ALTER TABLE conversation ADD COLUMN response_due_at TIMESTAMP;
ALTER TABLE conversation ADD COLUMN overdue_at TIMESTAMP;
CREATE INDEX conversation_clock ON conversation (waiting_since)
    WHERE state = 'open' AND waiting_for = 'us' AND queue_id IS NOT NULL
    AND (clock_since IS NULL OR clock_since <> waiting_since OR clock_queue_id <> queue_id);
CREATE INDEX conversation_due ON conversation (response_due_at)
    WHERE state = 'open' AND waiting_for = 'us' AND response_due_at IS NOT NULL AND overdue_at IS NULL;

-- The after-hours answer a conversation had for a closed time, named by when that began: one for each.
CREATE TABLE after_hours_answer (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id CHAR(36) NOT NULL REFERENCES conversation (id),
    closed_since TIMESTAMP NOT NULL,
    at TIMESTAMP NOT NULL,
    CONSTRAINT after_hours_answer_once UNIQUE (conversation_id, closed_since)
);
