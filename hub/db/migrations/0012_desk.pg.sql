-- What is a user's own (preferences, second factor, sign-in elsewhere), canned replies by scope, macros.

CREATE TABLE auth_preference (
    user_id uuid PRIMARY KEY REFERENCES auth_user (id),
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL
);

-- `secret` is sealed. It asks for nothing until it was confirmed; a code is good once, so the step of the last one is kept.
CREATE TABLE auth_totp (
    user_id uuid PRIMARY KEY REFERENCES auth_user (id),
    secret bytea NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL,
    created_at timestamptz NOT NULL
);

-- The row's deletion is the use of the code.
CREATE TABLE auth_recovery_code (
    code_hash varchar(64) PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES auth_user (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX auth_recovery_code_user ON auth_recovery_code (user_id);

-- Whom an OpenID provider means by a subject.
CREATE TABLE auth_identity (
    id uuid PRIMARY KEY,
    issuer varchar(300) NOT NULL,
    subject varchar(255) NOT NULL,
    user_id uuid NOT NULL REFERENCES auth_user (id),
    created_at timestamptz NOT NULL,
    used_at timestamptz NOT NULL,
    CONSTRAINT auth_identity_once UNIQUE (issuer, subject)
);
CREATE INDEX auth_identity_user ON auth_identity (user_id);

-- A sign-in that is under way at a provider. The row's deletion is the return.
CREATE TABLE auth_sign_on (
    state_hash varchar(64) PRIMARY KEY,
    browser_hash varchar(64) NOT NULL,
    nonce varchar(64) NOT NULL,
    verifier varchar(128) NOT NULL,
    next_path varchar(500) NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX auth_sign_on_created ON auth_sign_on (created_at);

-- `holder_id` is the user of scope `mine`, the team of scope `team`, all zeros for `everybody`.
ALTER TABLE canned_reply
    DROP CONSTRAINT canned_reply_shortcut,
    ADD COLUMN html text,
    ADD COLUMN scope varchar(16) NOT NULL DEFAULT 'everybody',
    ADD COLUMN holder_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT canned_reply_shortcut UNIQUE (holder_id, shortcut, locale);
ALTER TABLE canned_reply
    ALTER COLUMN scope DROP DEFAULT,
    ALTER COLUMN holder_id DROP DEFAULT,
    ALTER COLUMN version DROP DEFAULT;

CREATE TABLE macro (
    id uuid PRIMARY KEY,
    title varchar(200) NOT NULL,
    key varchar(32) NOT NULL,
    scope varchar(16) NOT NULL,
    holder_id uuid NOT NULL,
    actions jsonb NOT NULL,
    version integer NOT NULL,
    CONSTRAINT macro_title UNIQUE (holder_id, title)
);

UPDATE auth_role SET rights = rights || '["canned.manage"]'::jsonb WHERE name_key = 'supervisor' AND built_in;
