-- Bytes the hub keeps, by SHA-256; a row is written after the bytes are durable in the store.
CREATE TABLE media_blob (
    digest varchar(64) NOT NULL PRIMARY KEY,
    size bigint NOT NULL,
    content_type varchar(127) NOT NULL,
    created_at timestamptz NOT NULL
);

-- A thumbnail that was made of a blob, or the reason why none is.
CREATE TABLE media_preview (
    digest varchar(64) NOT NULL PRIMARY KEY REFERENCES media_blob (digest),
    preview_digest varchar(64),
    content_type varchar(127) NOT NULL,
    width int NOT NULL,
    height int NOT NULL,
    refused varchar(200) NOT NULL,
    created_at timestamptz NOT NULL
);
