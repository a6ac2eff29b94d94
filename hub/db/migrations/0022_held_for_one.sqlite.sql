-- Whom a held message goes to, where that is one address alone: who says STOP finds what waits for them.

ALTER TABLE held_message ADD COLUMN only_to VARCHAR(330);
UPDATE held_message SET only_to = json_extract(plan, '$.recipients[0].address.value')
WHERE json_array_length(plan, '$.recipients') = 1;
CREATE INDEX held_message_only_to ON held_message (only_to);
