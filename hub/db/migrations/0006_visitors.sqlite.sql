-- People with the widget: who they are to a site, their visits, the pages they looked at.
CREATE TABLE visitor (
    id CHAR(36) NOT NULL PRIMARY KEY,
    account_id CHAR(36) NOT NULL,
    subject VARCHAR(200),
    name VARCHAR(200) NOT NULL,
    email VARCHAR(330) NOT NULL,
    attributes JSON NOT NULL,
    locale VARCHAR(20) NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    CONSTRAINT visitor_subject UNIQUE (account_id, subject)
);

-- By what a browser is known again: SHA-256 of the token. A visitor has one for each browser.
CREATE TABLE visitor_token (
    token_hash VARCHAR(64) NOT NULL PRIMARY KEY,
    visitor_id CHAR(36) NOT NULL REFERENCES visitor (id),
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX visitor_token_visitor ON visitor_token (visitor_id);

CREATE TABLE visit (
    id CHAR(36) NOT NULL PRIMARY KEY,
    visitor_id CHAR(36) NOT NULL REFERENCES visitor (id),
    agent VARCHAR(300) NOT NULL,
    ip VARCHAR(45) NOT NULL,
    started_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL
);
CREATE INDEX visit_visitor ON visit (visitor_id, seen_at);

CREATE TABLE visit_page (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    visit_id CHAR(36) NOT NULL REFERENCES visit (id),
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX visit_page_visit ON visit_page (visit_id, n);
