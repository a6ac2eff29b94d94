-- What is a user's own (preferences, second factor, sign-in elsewhere), canned replies by scope, macros.

CREATE TABLE auth_preference (
    user_id CHAR(36) NOT NULL PRIMARY KEY REFERENCES auth_user (id),
    value JSON NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- `secret` is sealed. It asks for nothing until it was confirmed; a code is good once, so the step of the last one is kept.
CREATE TABLE auth_totp (
    user_id CHAR(36) NOT NULL PRIMARY KEY REFERENCES auth_user (id),
    secret BLOB NOT NULL,
    confirmed_at TIMESTAMP,
    last_step BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- The row's deletion is the use of the code.
CREATE TABLE auth_recovery_code (
    code_hash VARCHAR(64) NOT NULL PRIMARY KEY,
    user_id CHAR(36) NOT NULL REFERENCES auth_user (id),
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX auth_recovery_code_user ON auth_recovery_code (user_id);

-- Whom an OpenID provider means by a subject.
CREATE TABLE auth_identity (
    id CHAR(36) NOT NULL PRIMARY KEY,
    issuer VARCHAR(300) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    user_id CHAR(36) NOT NULL REFERENCES auth_user (id),
    created_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP NOT NULL,
    CONSTRAINT auth_identity_once UNIQUE (issuer, subject)
);
CREATE INDEX auth_identity_user ON auth_identity (user_id);

-- A sign-in that is under way at a provider. The row's deletion is the return.
CREATE TABLE auth_sign_on (
    state_hash VARCHAR(64) NOT NULL PRIMARY KEY,
    browser_hash VARCHAR(64) NOT NULL,
    nonce VARCHAR(64) NOT NULL,
    verifier VARCHAR(128) NOT NULL,
    next_path VARCHAR(500) NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX auth_sign_on_created ON auth_sign_on (created_at);

-- `holder_id` is the user of scope `mine`, the team of scope `team`, all zeros for `everybody`.
CREATE TABLE canned_reply_new (
    id CHAR(36) NOT NULL PRIMARY KEY,
    shortcut VARCHAR(64) NOT NULL,
    title VARCHAR(200) NOT NULL,
    text TEXT NOT NULL,
    html TEXT,
    locale VARCHAR(8) NOT NULL,
    scope VARCHAR(16) NOT NULL,
    holder_id CHAR(36) NOT NULL,
    version INT NOT NULL,
    CONSTRAINT canned_reply_shortcut UNIQUE (holder_id, shortcut, locale)
);
INSERT INTO canned_reply_new (id, shortcut, title, text, html, locale, scope, holder_id, version)
SELECT id, shortcut, title, text, NULL, locale, 'everybody', '00000000-0000-0000-0000-000000000000', 1 FROM canned_reply;
DROP TABLE canned_reply;
ALTER TABLE canned_reply_new RENAME TO canned_reply;

CREATE TABLE macro (
    id CHAR(36) NOT NULL PRIMARY KEY,
    title VARCHAR(200) NOT NULL,
    key VARCHAR(32) NOT NULL,
    scope VARCHAR(16) NOT NULL,
    holder_id CHAR(36) NOT NULL,
    actions JSON NOT NULL,
    version INT NOT NULL,
    CONSTRAINT macro_title UNIQUE (holder_id, title)
);

UPDATE auth_role SET rights = json_insert(rights, '$[#]', 'canned.manage') WHERE name_key = 'supervisor' AND built_in;
