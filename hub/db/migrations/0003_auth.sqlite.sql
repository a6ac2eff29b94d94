-- Users, roles, teams; sessions and tokens (only their SHA-256); the audit log.

CREATE TABLE auth_user (
    id CHAR(36) NOT NULL PRIMARY KEY,
    name VARCHAR(64) NOT NULL,
    name_key VARCHAR(64) NOT NULL CONSTRAINT auth_user_name_key UNIQUE,
    display_name VARCHAR(100) NOT NULL,
    email VARCHAR(330) NOT NULL,
    locale VARCHAR(8) NOT NULL,
    theme VARCHAR(8) NOT NULL,
    work_number VARCHAR(32) CONSTRAINT auth_user_work_number UNIQUE,
    password_hash VARCHAR(255) NOT NULL,
    disabled BOOL NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version INT NOT NULL
);

-- The one row says that the first user was made: the first-run page takes it, and nobody can take it twice.
CREATE TABLE auth_setup (
    id INT NOT NULL PRIMARY KEY CONSTRAINT auth_setup_once CHECK (id = 1),
    done_at TIMESTAMP NOT NULL
);

CREATE TABLE auth_role (
    id CHAR(36) NOT NULL PRIMARY KEY,
    name VARCHAR(64) NOT NULL,
    name_key VARCHAR(64) NOT NULL CONSTRAINT auth_role_name_key UNIQUE,
    rights JSON NOT NULL,
    built_in BOOL NOT NULL,
    version INT NOT NULL
);

CREATE TABLE auth_user_role (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id CHAR(36) NOT NULL REFERENCES auth_user (id),
    role_id CHAR(36) NOT NULL REFERENCES auth_role (id),
    CONSTRAINT auth_user_role_once UNIQUE (user_id, role_id)
);
CREATE INDEX auth_user_role_role ON auth_user_role (role_id);

CREATE TABLE auth_team (
    id CHAR(36) NOT NULL PRIMARY KEY,
    name VARCHAR(64) NOT NULL,
    name_key VARCHAR(64) NOT NULL CONSTRAINT auth_team_name_key UNIQUE,
    version INT NOT NULL
);

CREATE TABLE auth_team_member (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id CHAR(36) NOT NULL REFERENCES auth_team (id),
    user_id CHAR(36) NOT NULL REFERENCES auth_user (id),
    CONSTRAINT auth_team_member_once UNIQUE (team_id, user_id)
);
CREATE INDEX auth_team_member_user ON auth_team_member (user_id);

CREATE TABLE auth_session (
    id CHAR(36) NOT NULL PRIMARY KEY,
    user_id CHAR(36) NOT NULL REFERENCES auth_user (id),
    secret_hash VARCHAR(64) NOT NULL CONSTRAINT auth_session_secret_hash UNIQUE,
    ip VARCHAR(45) NOT NULL,
    agent VARCHAR(300) NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX auth_session_user ON auth_session (user_id);
CREATE INDEX auth_session_expires ON auth_session (expires_at);

CREATE TABLE auth_token (
    id CHAR(36) NOT NULL PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    secret_hash VARCHAR(64) NOT NULL CONSTRAINT auth_token_secret_hash UNIQUE,
    hint VARCHAR(8) NOT NULL,
    scopes JSON NOT NULL,
    created_by_id CHAR(36) REFERENCES auth_user (id),
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP,
    used_at TIMESTAMP,
    revoked_at TIMESTAMP
);

CREATE TABLE auth_audit (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id CHAR(36) NOT NULL CONSTRAINT auth_audit_id_key UNIQUE,
    at TIMESTAMP NOT NULL,
    actor_kind VARCHAR(16) NOT NULL,
    actor_id CHAR(36),
    actor_name VARCHAR(100) NOT NULL,
    action VARCHAR(64) NOT NULL,
    subject_kind VARCHAR(32) NOT NULL,
    subject_id CHAR(36),
    detail JSON NOT NULL,
    ip VARCHAR(45) NOT NULL
);
CREATE INDEX auth_audit_action ON auth_audit (action, n);
CREATE INDEX auth_audit_actor ON auth_audit (actor_id, n);

INSERT INTO auth_role (id, name, name_key, rights, built_in, version) VALUES
    ('00000000-0000-7000-8000-000000000001', 'administrator', 'administrator', '["*"]', 1, 1),
    ('00000000-0000-7000-8000-000000000002', 'supervisor', 'supervisor',
     '["audit.read", "conversations.assign", "conversations.read", "conversations.read_all", "conversations.reply", "customers.read", "customers.write", "queues.manage", "tickets.read", "tickets.write"]', 1, 1),
    ('00000000-0000-7000-8000-000000000003', 'agent', 'agent',
     '["conversations.assign", "conversations.read", "conversations.reply", "customers.read", "customers.write", "tickets.read", "tickets.write"]', 1, 1);
