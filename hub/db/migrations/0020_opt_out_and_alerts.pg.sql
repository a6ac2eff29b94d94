-- Who said STOP to which of our numbers: nobody of ours writes to them on that channel until they say START, or somebody lifts it.

CREATE TABLE opt_out (
    id uuid PRIMARY KEY,
    channel varchar(16) NOT NULL,
    address_kind varchar(16) NOT NULL,
    address_value varchar(330) NOT NULL,
    sender varchar(330) NOT NULL,
    account_id uuid NOT NULL,
    word varchar(100) NOT NULL,
    journal_id uuid,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by uuid,
    ended_by_name varchar(200) NOT NULL,
    ended_why varchar(500) NOT NULL
);
CREATE UNIQUE INDEX opt_out_once ON opt_out (address_value, channel, sender) WHERE ended_at IS NULL;

-- What members of staff are told by short message: when it may leave, and whether it did.

CREATE TABLE alert (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    dedup_key varchar(200) NOT NULL,
    text text NOT NULL,
    urgent boolean NOT NULL,
    state varchar(16) NOT NULL,
    reason varchar(32) NOT NULL,
    due_at timestamptz NOT NULL,
    message_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    done_at timestamptz,
    CONSTRAINT alert_once UNIQUE (user_id, dedup_key)
);
CREATE INDEX alert_due ON alert (due_at) WHERE state = 'waiting';
CREATE INDEX alert_done ON alert (user_id, done_at);
