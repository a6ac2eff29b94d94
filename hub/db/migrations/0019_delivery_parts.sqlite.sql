-- By which ids a provider knows a delivery, one a part of it: its later reports name one of them.

CREATE TABLE delivery_part (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id CHAR(36) NOT NULL,
    provider_id VARCHAR(255) NOT NULL,
    delivery_id CHAR(36) NOT NULL REFERENCES delivery (id)
);
CREATE INDEX delivery_part_known ON delivery_part (account_id, provider_id, n);

ALTER TABLE delivery_report ADD COLUMN provider_id VARCHAR(255) NOT NULL DEFAULT '';

-- Reports that came before the provider's answer by which they could be understood; kept for minutes.
CREATE TABLE early_report (
    id CHAR(36) PRIMARY KEY,
    account_id CHAR(36) NOT NULL,
    provider_id VARCHAR(255) NOT NULL,
    report JSON NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX early_report_known ON early_report (account_id, provider_id);
CREATE INDEX early_report_created ON early_report (created_at);
