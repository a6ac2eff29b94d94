-- Actions on many conversations: whether one was undone, and which are old.
CREATE INDEX bulk_action_undoes ON bulk_action (undoes_id) WHERE undoes_id IS NOT NULL;
CREATE INDEX bulk_action_created ON bulk_action (created_at);
