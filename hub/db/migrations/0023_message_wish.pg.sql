-- Messages that ask for somebody: few, and read every time something is offered.

CREATE INDEX message_wish ON message (conversation_id, n) WHERE extra->'wish' IS NOT NULL;
