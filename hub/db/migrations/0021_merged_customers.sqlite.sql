-- A customer that was merged is an alias: everything stays under its own id, and `kept_id` says under whom it is found, over as
-- many merges as there are. The merges themselves are a tree, each undone by itself.

ALTER TABLE customer ADD COLUMN kept_id CHAR(36) REFERENCES customer (id);
CREATE INDEX customer_kept ON customer (kept_id) WHERE kept_id IS NOT NULL;

CREATE TABLE customer_merge (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    from_id CHAR(36) NOT NULL REFERENCES customer (id),
    into_id CHAR(36) NOT NULL REFERENCES customer (id),
    taken JSON NOT NULL,
    merged_by CHAR(36),
    merged_by_name VARCHAR(200) NOT NULL,
    merged_at TIMESTAMP NOT NULL,
    undone_by CHAR(36),
    undone_by_name VARCHAR(200),
    undone_at TIMESTAMP
);
CREATE UNIQUE INDEX customer_merge_once ON customer_merge (from_id) WHERE undone_at IS NULL;
CREATE INDEX customer_merge_into ON customer_merge (into_id, n);
