-- Bytes the hub keeps, by SHA-256; a row is written after the bytes are durable in the store.
CREATE TABLE media_blob (
    digest VARCHAR(64) NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    content_type VARCHAR(127) NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- A thumbnail that was made of a blob, or the reason why none is.
CREATE TABLE media_preview (
    digest VARCHAR(64) NOT NULL PRIMARY KEY REFERENCES media_blob (digest),
    preview_digest VARCHAR(64),
    content_type VARCHAR(127) NOT NULL,
    width INT NOT NULL,
    height INT NOT NULL,
    refused VARCHAR(200) NOT NULL,
    created_at TIMESTAMP NOT NULL
);
